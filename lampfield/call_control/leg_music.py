"""The music that a leg hears: without end, in random order, one file always waiting behind the one that plays."""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from lampfield.sound_library.rotation import Rotation
from media.codec import Codec

MOST_FAILURES = 20
"""Files in a row that the engine could not play, after which it is left at silence."""


class MusicLine(Protocol):
    """The leg's end in the media engine."""

    @property
    def codec(self) -> Codec | None: ...

    def play_music(self, clip: Path, *, after: bool = False) -> int:
        """Play a clip, now or `after` the one that plays; returns the play's number, which rises."""
        ...

    def stop_music(self) -> None: ...


class MusicLists(Protocol):
    """Where the files come from."""

    def music(self, name: str, domain: str) -> Sequence[Path]:
        """The files of a list as it is now."""
        ...

    async def clip(self, source: Path, codec: Codec) -> Path | None:
        """The clip of a file; None where it cannot be read."""
        ...

    def rotation(self) -> Rotation: ...


class LegMusic:
    """Plays one list at a time. The engine goes on by itself from file to file; here the one after the next is chosen.

    So a list that changes takes effect at the next file, and the place in a file is kept where the engine keeps it.
    """

    __slots__ = (
        "_domain",
        "_failures",
        "_files",
        "_first_play",
        "_list",
        "_plays_already",
        "_rotations",
        "_rtp",
        "_sounds",
        "_spawn",
        "_turn",
    )

    def __init__(
        self,
        sounds: MusicLists,
        rtp: MusicLine,
        domain: str,
        spawn: Callable[[Coroutine[Any, Any, object]], object],
    ) -> None:
        self._sounds = sounds
        self._rtp = rtp
        self._domain = domain
        self._spawn = spawn
        self._rotations: dict[str, Rotation] = {}
        self._list: str | None = None
        self._files: Sequence[Path] = ()
        self._turn = 0
        """Counts starts and stops: what was begun before the last one comes to nothing."""
        self._first_play = 0
        """The engine's number of what this start played first; plays before it are over."""
        self._failures = 0
        self._plays_already = 0

    def take_up(self, play: int) -> None:
        """The engine plays music from another run, by its number: what is started next goes on behind it."""
        self._plays_already = play

    async def start(self, name: str) -> None:
        """Play a list from now on; in a call that has heard it before, not again what was heard."""
        self._turn += 1
        self._list, self._failures, self._first_play = name, 0, self._plays_already
        if self._plays_already:
            self._plays_already = 0
            await self._follow(self._turn)
            return
        turn = self._turn
        clip = await self._next()
        if turn != self._turn:
            return
        if clip is None:
            self.stop()
            return
        self._first_play = self._rtp.play_music(clip)
        await self._follow(turn)

    def stop(self) -> None:
        """Be silent."""
        if self._list is not None or self._plays_already:
            self._turn += 1
            self._list, self._plays_already = None, 0
            self._rtp.stop_music()

    def play_anew(self) -> None:
        """The codec is another one: begin the list again, in it."""
        if self._list is not None:
            self._spawn(self._anew(self._turn))

    def play_ended(self, play: int, *, failed: bool) -> None:
        """The engine said that a play of music is over: what waited plays now, and another shall wait."""
        if self._list is None or not self._first_play or play < self._first_play:
            return
        self._failures = self._failures + 1 if failed else 0
        if self._failures < MOST_FAILURES:
            self._spawn(self._follow(self._turn))

    def renew(self) -> None:
        """Music lists have changed: what follows is chosen anew, where this one has."""
        if self._list is not None and self._first_play and self._sounds.music(self._list, self._domain) != self._files:
            self._spawn(self._follow(self._turn))

    async def _anew(self, turn: int) -> None:
        if self._list is not None and turn == self._turn:
            await self.start(self._list)

    async def _follow(self, turn: int) -> None:
        clip = await self._next()
        if clip is not None and turn == self._turn:
            self._rtp.play_music(clip, after=True)

    async def _next(self) -> Path | None:
        """The clip of the next file that can be read; None where there is none."""
        name, codec = self._list, self._rtp.codec
        if name is None or codec is None:
            return None
        self._files = self._sounds.music(name, self._domain)
        if name not in self._rotations:
            self._rotations[name] = self._sounds.rotation()
        rotation = self._rotations[name]
        for _ in self._files:
            file = rotation.next(self._files)
            clip = await self._sounds.clip(file, codec) if file is not None else None
            if clip is not None:
                return clip
        return None

"""The boards of all companies, kept by what signalling tells."""

import asyncio
from collections.abc import Callable

from web.state_board import StateBoard
from web.told_state import States, Told, ToldState

Follower = Callable[[str, list[ToldState]], None]
"""Takes a company's id and the states that are others than before."""


class StateBoards:
    """`live` is False while signalling is away: then the boards show what was known last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._boards: dict[str, StateBoard] = {}
        self._followers: list[Follower] = []
        self.live = False
        self.completed = asyncio.Event()
        """Set once everybody has been told."""
        self._closed = asyncio.Event()

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of changes from now on."""
        self._followers.append(follower)

    def of(self, company: str) -> StateBoard:
        """The board of a company, by its id."""
        board = self._boards.get(company)
        if board is None:
            # Larger than any number before it, as nothing changes a million times in a second.
            board = self._boards[company] = StateBoard(int(self._clock() * 1_000_000))
        return board

    def take(self, told: Told) -> None:
        """Take what signalling tells."""
        if isinstance(told, States):
            changed = self.of(told.company).show(told.states)
            for follower in self._followers if changed else ():
                follower(told.company, changed)
        else:
            self._keep(told.people)
            self.live = True
            self.completed.set()

    def _keep(self, people: dict[str, tuple[str, ...]]) -> None:
        for company, board in self._boards.items():
            board.keep(people.get(company, ()))

    @property
    def complete(self) -> bool:
        """False until everybody has been told once."""
        return self.completed.is_set()

    def away(self) -> None:
        """Signalling tells nothing at the moment."""
        self.live = False

    @property
    def closing(self) -> bool:
        """True once clients are to go away: the process ends."""
        return self._closed.is_set()

    async def closed(self) -> None:
        """Wait until clients are to go away."""
        await self._closed.wait()

    def close(self) -> None:
        """Let all who wait look up: the process ends."""
        self._closed.set()
        for board in self._boards.values():
            board.wake()

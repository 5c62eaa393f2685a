"""What a leg says of its audio and what the phone said of its own: offers and answers over the life of a session."""

from collections.abc import Sequence

from lampfield.call_control.codecs import SUPPORTED
from sipcore.offer_answer import (
    AudioDescription,
    Negotiated,
    NothingInCommon,
    audio_of,
    make_answer,
    make_offer,
    names_of,
    read_answer,
    revise,
)


class Description:
    """Our latest SDP, numbered as RFC 3264 §8 asks, and the codecs that the phone has shown."""

    __slots__ = ("_address", "_learned", "_session_id", "held", "local", "remote_codecs")

    def __init__(self, address: str, session_id: int) -> None:
        self._address = address
        self._session_id = session_id
        self.local: bytes | None = None
        """Our last offer or answer."""
        self.remote_codecs: tuple[str, ...] = ()
        """Of ours, those that the phone can do, in its order; empty while it has not said."""
        self._learned: bytes | None = None
        self.held = False
        """The phone wants to hear nothing: it has put us on hold (RFC 3264 §8.4)."""

    def said(self, local: bytes | None) -> None:
        """Of several phones that rang one has answered, who was told this last."""
        self.local = local or self.local

    def offer(self, port: int, codecs: Sequence[str]) -> bytes:
        """Our offer of these codecs in this order."""
        made = make_offer(self._address, port, codecs, session_id=self._session_id, version=1, previous=self.local)
        return self._keep(made)

    def answer(
        self, offer: bytes, port: int, preferred: str | None, supported: Sequence[str] = SUPPORTED
    ) -> tuple[bytes, Negotiated]:
        """Our answer: `preferred` where the offer has it, else the first of the offer that is `supported`.

        Raises NothingInCommon (488) and ProtocolViolation; then all stays as it was.
        """
        wanted = [preferred] if preferred in _codecs_of(offer, self._address)[1] else supported
        made, negotiated = make_answer(offer, self._address, port, wanted, session_id=self._session_id, version=1)
        self.learn(offer)
        return self._keep(made), negotiated

    def read_answer(self, answer: bytes, offer: bytes | None = None) -> Negotiated:
        """What the phone's answer to `offer`, or else to our last one, agreed on.

        Raises NothingInCommon (488) and ProtocolViolation.
        """
        offer = offer or self.local
        assert offer is not None, "an answer needs an offer"
        negotiated = read_answer(offer, answer)
        self.learn(answer)
        return negotiated

    def take_up(self, local: bytes, remote: bytes) -> Negotiated:
        """Go on from the descriptions of another run; gives what they agreed on.

        Raises NothingInCommon (488) and ProtocolViolation.
        """
        self.local = local
        return self.read_answer(remote, local)

    def learn(self, description: bytes) -> None:
        """Take up what a description of the phone tells.

        Raises NothingInCommon where none of its audio can be used, and ProtocolViolation.
        """
        if description is self._learned:
            return
        audio, codecs = _codecs_of(description, self._address)
        self._learned = description
        self.held = audio.direction in ("sendonly", "inactive")
        # An answer names only what was chosen; what the phone offered before, it can do still.
        self.remote_codecs = tuple(dict.fromkeys((*codecs, *self.remote_codecs)))

    def _keep(self, made: bytes) -> bytes:
        self.local = revise(self.local, made) if self.local is not None else made
        return self.local


def _codecs_of(description: bytes, address: str) -> tuple[AudioDescription, list[str]]:
    """The stream that counts, and its codecs of ours. Raises NothingInCommon without any, and ProtocolViolation."""
    audio = audio_of(description, SUPPORTED, address)
    codecs = names_of(audio, SUPPORTED) if audio is not None else []
    if audio is None or not codecs:
        raise NothingInCommon("No audio stream with a codec in common")
    return audio, codecs

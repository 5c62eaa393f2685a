"""Which requests the stack refuses by itself, before anybody looks at them (RFC 3261 §8.2)."""

from typing import Final

from sipcore.answering import response_to
from sipcore.message import Request, Response
from sipcore.sdp import CONTENT_TYPE
from sipcore.stack_config import StackConfig
from sipcore.validation import METHODS

_SESSION_BODIES: Final = frozenset((CONTENT_TYPE, "multipart/mixed", "multipart/alternative", "multipart/related"))
_ACCEPTABLE: Final = frozenset((CONTENT_TYPE, "application/*", "*/*"))
_OFFERING: Final = frozenset(("INVITE", "UPDATE", "PRACK"))


class Admission:
    """Judges methods, extensions and bodies by what the stack is configured to do."""

    def __init__(self, config: StackConfig) -> None:
        self._allowed = frozenset(config.allow)
        self._allow = ("Allow", ", ".join(config.allow))
        self._supported = frozenset(config.supported)

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that cannot be worked on, None for one that can. Raises ProtocolViolation.

        In the order of §8.2: method, Max-Forwards, extensions, content.
        """
        method = request.method
        if method not in self._allowed:
            if method in METHODS:
                return response_to(request, 405, fields=[self._allow])
            return response_to(request, 501, fields=[self._allow])
        if request.first_of("require") is not None and method not in ("CANCEL", "ACK"):
            unknown = request.require - self._supported
            if unknown:
                return response_to(request, 420, fields=[("Unsupported", ", ".join(sorted(unknown)))])
        if method in _OFFERING:
            return self._refused_session(request)
        return None

    def _refused_session(self, request: Request) -> Response | None:
        # A call that may not be passed on any further would be, by a B2BUA (§16.3).
        if request.method == "INVITE" and request.max_forwards == 0:
            return response_to(request, 483)
        encoding = (request.header("Content-Encoding") or "identity").lower()
        if encoding != "identity":
            return response_to(request, 415, fields=[("Accept-Encoding", "identity")])
        optional = "handling=optional" in (request.header("Content-Disposition") or "").replace(" ", "").lower()
        if request.body and request.content_type not in _SESSION_BODIES and not optional:
            return response_to(request, 415, fields=[("Accept", CONTENT_TYPE)])
        if request.method == "INVITE" and request.has("accept") and not self._accepts_sdp(request):
            return response_to(request, 406, fields=[("Accept", CONTENT_TYPE)])
        return None

    def _accepts_sdp(self, request: Request) -> bool:
        return any(value.partition(";")[0].strip().lower() in _ACCEPTABLE for value in request.headers("Accept"))

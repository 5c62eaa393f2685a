"""Which lamp a URI names, for who asks."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address

from lampfield.presence.lamp import Lamp
from lampfield.presence.member_lamps import for_member
from sipcore.errors import ProtocolViolation
from sipcore.uri import SipUri, Uri


def aor_of(user: str, domain: str) -> str:
    """An AOR as lamps are known by; empty without a person's id or code."""
    return f"sip:{user}@{domain.lower()}" if user else ""


def parts_of(aor: str) -> tuple[str, str]:
    """The person's id or code, and the domain of an AOR; both are empty for an empty one."""
    user, _, domain = aor.removeprefix("sip:").rpartition("@")
    return user, domain


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Addresses:
    """The lamps there are, by AOR, and the domains of the companies that have them."""

    def __init__(self, lamps: Mapping[str, Lamp], make: Callable[[str], bool] = lambda aor: False) -> None:
        """`make` makes the lamp of a thing that has none until it is watched; False where there is no such thing."""
        self._lamps = lamps
        self._make = make
        self.domains: set[str] = set()

    def domain_of(self, uri: SipUri) -> str | None:
        """The domain that a URI names, or means where it names the server of the only company by its address."""
        domain = uri.host.lower()
        if domain in self.domains:
            return domain
        return next(iter(self.domains)) if len(self.domains) == 1 and _is_ip_address(uri.address) else None

    def aor(self, uri: Uri, own: str) -> str:
        """The AOR that a URI names for somebody of the domain `own`. Raises ProtocolViolation.

        404 for what is no SIP URI, 403 for another company's, whether or not there is such a person.
        """
        if not isinstance(uri, SipUri):
            raise ProtocolViolation("Not Found", 404)
        domain = uri.host.lower()
        if domain not in self.domains and _is_ip_address(uri.address):
            # Phones that know their server by its address ask for people there; they mean their own company.
            domain = own
        if domain in self.domains and domain != own:
            raise ProtocolViolation("Another company's people cannot be watched", 403)
        return f"sip:{uri.unescaped_user}@{domain}"

    def resource(self, aor: str, watcher: str) -> str:
        """The AOR under which the watcher's lamp for it is kept. Raises ProtocolViolation 404 where there is none."""
        if aor in self._lamps:
            return aor
        # What members dial shows each of them something else.
        own = for_member(aor, parts_of(watcher)[0])
        if own in self._lamps or self._make(own):
            return own
        raise ProtocolViolation("Not Found", 404)

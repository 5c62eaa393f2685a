"""Who may come in: each request of a phone proves whose it is, by digest (RFC 3261 §22)."""

import logging
import secrets
from collections.abc import Mapping, Sequence

from provisioning.directory import Directory
from routing.model import Company, Person
from routing.ports import Clock
from sipcore.authenticator import Authenticated, Authenticator, Challenge
from sipcore.authenticator import Refused as Refusal
from sipcore.digest import Ha1
from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.nonce import NonceBook
from sipcore.structs import Value
from sipcore.uri import SipUri

logger = logging.getLogger(__name__)


class Refused(Exception):
    """The request is not let in: answer it with `status` and `fields` (the challenges of a 401)."""

    def __init__(self, status: int, fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(str(status))
        self.status = status
        self.fields = fields


class Visitor(Value, frozen=True):
    """Whose phone sent a request; `authenticated` is how that was proved, None where nobody is asked."""

    company: Company
    person: Person
    authenticated: Authenticated | None


class Door:
    """Asks the authenticator, and finds the person of the account that it names."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        *,
        ask: bool,
        algorithms: Sequence[str],
        servers: Mapping[tuple[str, str], Ha1] | None = None,
    ) -> None:
        self.directory = directory
        """The companies and accounts as they are now."""
        self._servers = servers or {}
        self._clock = clock
        self._ask = ask
        self.authenticator = Authenticator(
            self._secrets, NonceBook(secrets.token_bytes(32), clock()), algorithms=algorithms
        )

    def person(self, request: Request, flow: Flow) -> Visitor:
        """Whose phone sent this request. Raises Refused: 401 with challenges, or 403 for nobody of ours."""
        if not self._ask:
            return self._named(request)
        realm = self._realm(request)
        result = self._proved(request, flow, realm)
        found = self.directory.person(result.username, realm)
        if found is None:
            raise Refused(403)
        return Visitor(found.company, found.person, result)

    def person_or_server(self, request: Request, flow: Flow, realm: str) -> Visitor | str:
        """As `person`, of the company with this domain; or the user name of a server that has an account there."""
        if not self._ask:
            return self._named(request)
        result = self._proved(request, flow, realm)
        if (result.username, realm) in self._servers:
            return result.username
        found = self.directory.person(result.username, realm)
        if found is None:
            raise Refused(403)
        return Visitor(found.company, found.person, result)

    def _proved(self, request: Request, flow: Flow, realm: str) -> Authenticated:
        result = self.authenticator.check(request, realm, self._clock(), source=flow.remote[0])
        match result:
            case Challenge(status=status, fields=fields):
                raise Refused(status, fields)
            case Refusal(status=status, reason=reason):
                logger.info("%s from %s: %s", request.method, flow.remote[0], reason)
                raise Refused(status)
        return result

    def _secrets(self, username: str, realm: str) -> Ha1 | None:
        server = self._servers.get((username, realm))
        if server is not None:
            return server
        account = self.directory.account(username, realm)
        return Ha1(account.ha1_md5, account.ha1_sha256) if account is not None else None

    def _realm(self, request: Request) -> str:
        """The company's domain: named by From, else by the request, else the only one there is."""
        companies = self.directory.companies
        for uri in (request.from_.uri, request.request_uri):
            if isinstance(uri, SipUri):
                host = uri.host.lower()
                if host in companies:
                    return host
        if len(companies) == 1:
            return next(iter(companies))
        raise Refused(403)

    def _named(self, request: Request) -> Visitor:
        """Without passwords, From is believed."""
        uri = request.from_.uri
        found = self.directory.person(uri.user or "", self._realm(request)) if isinstance(uri, SipUri) else None
        if found is None:
            raise Refused(403)
        return Visitor(found.company, found.person, None)

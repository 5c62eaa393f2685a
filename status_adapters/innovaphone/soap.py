"""The SOAP messages of an innovaphone PBX (its definition pbx10_00.wsdl), as much as a presence link needs.

Our requests are templates; answers are read by the names of their elements, whether arrays are wrapped (pbx900.wsdl) or
not (pbx10_00.wsdl).
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape

import msgspec
from lxml import etree

from presence_pidf.safe_xml import MalformedDocument, parse
from status_adapters.http_client import MOST_BYTES, Answer, SourceFault, refusal

NAMESPACE = "http://innovaphone.com/pbx"
ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"

_REQUEST = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:inno="{namespace}">'
    "<soap:Body><inno:{operation}>{arguments}</inno:{operation}></soap:Body></soap:Envelope>"
)


class Presence(msgspec.Struct, frozen=True):
    """One contact's presence of a user."""

    contact: str = ""
    status: str = "open"
    activity: str = ""
    note: str = ""


class PbxUser(msgspec.Struct, frozen=True):
    """A user object of the PBX."""

    cn: str
    """Its name; empty in the mark that ends the list of users that a session begins with."""
    guid: str = ""
    e164: str = ""
    h323: str = ""
    active: bool = True
    """False for a user that is deleted."""
    groups: dict[str, bool] = {}
    """The groups it is in, and whether as an active member."""
    mails: tuple[str, ...] = ()
    presence: tuple[Presence, ...] = ()


class PbxCall(msgspec.Struct, frozen=True):
    """A user's call."""

    user: int
    """The handle that UserInitialize gave."""
    call: int
    state: int

    @property
    def phase(self) -> int:
        """1 setup to 4 alert, 5 connect, 6 and 7 disconnect, 8 parked; without the bits of direction and hold."""
        return self.state & 0x7F

    @property
    def talks(self) -> bool:
        return self.phase == 5

    @property
    def over(self) -> bool:
        return self.phase in (6, 7)


class Polled(msgspec.Struct, frozen=True):
    """What one Poll brought (AnyInfo)."""

    users: tuple[PbxUser, ...] = ()
    calls: tuple[PbxCall, ...] = ()


def request(operation: str, arguments: dict[str, str | int | bool | dict[str, str]]) -> tuple[dict[str, str], bytes]:
    """The headers and body that ask for an operation."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}#{operation}"'}
    body = _REQUEST.format(namespace=NAMESPACE, operation=operation, arguments=_written(arguments))
    return headers, body.encode()


def _written(arguments: dict[str, str | int | bool | dict[str, str]] | dict[str, str]) -> str:
    return "".join(f"<{name}>{_value(value)}</{name}>" for name, value in arguments.items())


def _value(value: str | int | bool | dict[str, str]) -> str:
    if isinstance(value, dict):
        return _written(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def result(answer: Answer, operation: str) -> etree._Element:
    """The element of an operation's result. Raises SourceFault; LoginRefused where the PBX does not let us in."""
    try:
        envelope = parse(answer.body, ENVELOPE, MOST_BYTES) if answer.body else None
    except MalformedDocument as error:
        if answer.status != 200:
            raise refusal(answer, operation) from None
        raise SourceFault(f"{operation}: {error}") from None
    if envelope is not None:
        fault = _first(envelope, "faultstring")
        if fault is not None:
            raise SourceFault(f"{operation}: the PBX says {' '.join((fault.text or '').split())[:200] or 'fault'}")
        found = _first(envelope, f"{operation}Response")
        if found is not None and answer.status == 200:
            return found
    if answer.status != 200:
        raise refusal(answer, operation)
    raise SourceFault(f"{operation}: the answer holds no {operation}Response")


def number(response: etree._Element, name: str = "return") -> int:
    """A whole number in a result, 0 where there is none."""
    return _int(_text(response, name))


def polled(response: etree._Element) -> Polled:
    """What a Poll's result holds."""
    users = tuple(_user(element) for element in _all(response, "user") if _child(element, "cn") is not None)
    calls = tuple(_call(element) for element in _all(response, "call") if _child(element, "state") is not None)
    return Polled(users, calls)


def fork_numbers(response: etree._Element) -> list[str]:
    """The numbers of a user's forks, in the object that Admin shows. Raises SourceFault."""
    shown = _text(response, "return").strip()
    if not shown:
        return []
    # The PBX gives the object as text, and not always one element alone.
    try:
        element = parse(f"<shown>{shown}</shown>".encode(), "shown")
    except MalformedDocument as error:
        raise SourceFault(f"Admin: {error}") from None
    return [fork.get("e164", "") for fork in _all(element, "fork") if fork.get("e164")]


def _user(element: etree._Element) -> PbxUser:
    return PbxUser(
        cn=_text(element, "cn").strip(),
        guid=_text(element, "guid"),
        e164=_text(element, "e164"),
        h323=_text(element, "h323"),
        active=_text(element, "active") != "false",
        groups={
            _text(group, "group"): _text(group, "active") == "true"
            for group in _all(element, "groups")
            if _child(group, "group") is not None
        },
        mails=tuple(mail.text for mail in _all(element, "email") if mail.text),
        presence=tuple(
            Presence(_text(one, "contact"), _text(one, "status"), _text(one, "activity"), _text(one, "note"))
            for one in _all(element, "presence")
            if _child(one, "status") is not None
        ),
    )


def _call(element: etree._Element) -> PbxCall:
    return PbxCall(_int(_text(element, "user")), _int(_text(element, "call")), _int(_text(element, "state")))


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Elements of this name below, however deep."""
    return (one for one in element.iterdescendants() if _local(one) == name)


def _first(element: etree._Element, name: str) -> etree._Element | None:
    return next(_all(element, name), None)


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((one for one in element if _local(one) == name), None)


def _text(element: etree._Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "") if child is not None else ""


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0

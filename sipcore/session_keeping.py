"""Writing down a session that is up or rings, and taking it up, or giving it up, in another process."""

from typing import Final

from sipcore.address import parse_name_addr
from sipcore.dialog import Dialog
from sipcore.digest import Credentials
from sipcore.message import Request, parse_message
from sipcore.outgoing import Outgoing
from sipcore.session import Session
from sipcore.session_machine import SessionState
from sipcore.session_record import InviteRecord, SessionRecord
from sipcore.session_refresh import SessionRefresh
from sipcore.session_space import SessionSpace
from sipcore.session_timer import SessionTimer
from sipcore.text import as_text

CSEQ_RESERVE: Final = 1000
"""Numbers passed over where a session is taken up: requests may have been sent since it was written down."""


def record_of(session: Session) -> SessionRecord | None:
    """What to keep of the session; None unless it is answered."""
    dialog = session.dialog
    if dialog is None or session.state not in (SessionState.ANSWERED, SessionState.UP):
        return None
    local, remote, target = _addresses(session, dialog)
    return SessionRecord(
        id=session.id,
        is_caller=session.is_caller,
        flow=session.flow,
        next_flow=dialog.flow,
        contact=as_text(session.contact),
        call_id=as_text(dialog.call_id),
        local=as_text(local),
        remote=as_text(remote),
        remote_target=as_text(target),
        local_cseq=dialog.local_cseq,
        remote_cseq=dialog.remote_cseq,
        route_set=tuple([as_text(str(route)) for route in dialog.route_set]),
        secure=dialog.secure,
        behind_nat=dialog.behind_nat,
        local_sdp=session.local_sdp,
        remote_sdp=session.remote_sdp,
        peer_allows=tuple(sorted(map(as_text, session.peer_allows))),
        interval=session.timer.interval if session.timer is not None else None,
        we_refresh=session.timer is not None and session.timer.we_refresh,
    )


def _addresses(session: Session, dialog: Dialog) -> tuple[str, str, str]:
    """Our address in the dialog, the peer's and where it is reached: as its INVITE has them where nothing changed."""
    invite = session.invite
    local, remote, target = invite.first_of("to"), invite.first_of("from"), invite.first_of("contact")
    if session.is_caller or local is None or remote is None or target is None:
        return str(dialog.local), str(dialog.remote), str(dialog.remote_target)
    if not invite.to.tag:
        local = f"{local};tag={dialog.local_tag}"
    if not invite.contacts or dialog.remote_target is not invite.contacts[0]:
        target = str(dialog.remote_target)
    return local, remote, target


def invite_record_of(session: Session) -> InviteRecord | None:
    """What to keep of a session that rings; None where it is answered, or ours and not heard of yet."""
    if session.state is SessionState.INVITED:
        return InviteRecord(session.invite.to_bytes(), session.flow, as_text(session.contact))
    if session.state is not SessionState.PROCEEDING or session.outgoing is None:
        return None
    return InviteRecord(session.outgoing.request.to_bytes(), session.flow, as_text(session.contact))


def proceeding(record: InviteRecord, space: SessionSpace, credentials: Credentials | None) -> Session:
    """The session that another process was ringing with, its transaction known again. Raises ProtocolViolation."""
    invite = parse_message(record.invite)
    assert isinstance(invite, Request)
    session = Session(space.token(), record.flow, record.contact, invite, is_caller=True)
    session.state, session.credentials = SessionState.PROCEEDING, credentials
    session.outgoing = Outgoing(session.id, invite, record.flow, session=session)
    session.outgoing.transaction = space.transactions.proceeding(invite, record.flow, session.outgoing)
    space.add(session)
    return session


def take_up(record: SessionRecord, space: SessionSpace, refresh: SessionRefresh, now: float) -> None:
    """Go on with a session that was written down; its timer starts anew. Raises ProtocolViolation."""
    dialog = Dialog(
        call_id=record.call_id,
        local=parse_name_addr(record.local),
        remote=parse_name_addr(record.remote),
        remote_target=parse_name_addr(record.remote_target),
        local_cseq=record.local_cseq + CSEQ_RESERVE,
        remote_cseq=record.remote_cseq,
        route_set=[parse_name_addr(route) for route in record.route_set],
        secure=record.secure,
        flow=record.next_flow,
        behind_nat=record.behind_nat,
    )
    # Nothing of the INVITE that made the session matters once it is up.
    session = Session(
        record.id, record.flow, record.contact, Request("INVITE", dialog.remote_uri), is_caller=record.is_caller
    )
    session.state = SessionState.UP
    session.dialog = dialog
    session.local_sdp, session.remote_sdp = record.local_sdp, record.remote_sdp
    session.peer_allows = frozenset(record.peer_allows)
    space.add(session)
    space.add_dialog(session, dialog)
    if record.interval is not None:
        refresh.resume(session, SessionTimer(record.interval, record.we_refresh), now)

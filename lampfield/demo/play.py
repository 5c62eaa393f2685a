"""The demo's call: an outside caller dials the main number, and in the end talks to a colleague."""

import asyncio
import contextlib
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from call_records.call_record import CallRecord
from call_records.finished_calls import finished_calls
from lampfield.control_socket import converse
from lampfield.database import open_database
from lampfield.demo.ladder import Ladder
from lampfield.demo.lamp import Lamp
from lampfield.demo.phone import Phone, PhoneCall
from lampfield.demo.world import MOBILE, MOBILE_OF, OUTSIDE_HOST, SERVER_HOST, World
from lampfield.supervisor import control_path
from routing.events import (
    AnyCallEvent,
    CallEnded,
    KeyPressed,
    MenuEntered,
    OfferEnded,
    OfferMade,
    PositionAnnounced,
    PromptPlayed,
    QueueJoined,
)

CALLER = "+4540123456"
MAIN_NUMBER = "+4533221100"
LAMPFIELD = "Lampfield"
OPERATOR = "Operator"
STEPS = [
    "phones registered",
    "lamps watched",
    "a mobile's call lights a lamp",
    "greeting and menu heard",
    "key 1 pressed",
    "caller waits in the queue",
    "a lamp rings",
    "first offer unanswered",
    "position told",
    "a colleague answers",
    "a lamp shows talking",
    "both hear each other",
    "all lamps idle",
    "call record",
]
"""What must be seen, in the order of a good call."""
PATIENCE = 70.0
"""Seconds for the whole call: two offers of 20 s, and the position at 30 s."""


class Play:
    """One performance."""

    def __init__(self, world: World, console: Console) -> None:
        self._world = world
        self._ladder = Ladder(console)
        self._console = console
        self._phones: dict[str, Phone] = {}
        self._lamps: dict[tuple[str, str], Lamp] = {}
        self._lamp_changed = asyncio.Event()
        self._events: asyncio.Queue[AnyCallEvent] = asyncio.Queue()

    async def perform(self) -> list[str]:
        """Play the call; the steps that were not seen."""
        following = asyncio.ensure_future(self._follow_events())
        try:
            async with asyncio.timeout(PATIENCE):
                await self._register()
                await self._watch()
                await self._mobile()
                await self._call()
        except TimeoutError:
            self._ladder.title("The time is over.")
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            for phone in self._phones.values():
                await phone.stop()
        return self._ladder.missing(STEPS)

    # Acts

    async def _register(self) -> None:
        self._ladder.title("Phones register (REGISTER with digest)")
        for person in ("anna", "bjorn", "freja", "ingrid"):
            account = self._world.accounts[person]
            phone = Phone(
                account.name,
                account.user,
                self._world.company.domain,
                account.password,
                self._world.address,
                SERVER_HOST,
            )
            await phone.start(self._world.media)
            self._phones[person] = phone
            status = await phone.register()
            self._ladder.arrow(account.name, LAMPFIELD, "REGISTER", f"extension {account.extension}: {status}")
            if status == 200 and len(self._phones) == 4:
                self._ladder.seen("phones registered")

    async def _watch(self) -> None:
        self._ladder.title("They watch each other's lamps (SUBSCRIBE, Event: dialog)")
        watching = [("ingrid", "anna"), ("ingrid", "bjorn"), ("ingrid", "freja"), ("anna", "bjorn"), ("bjorn", "anna")]
        for watcher, watched in watching:
            phone, account = self._phones[watcher], self._world.accounts[watched]
            phone.on_lamp = partial(self._on_lamp, watcher)
            status = await phone.watch(account.extension)
            self._ladder.arrow(phone.name, LAMPFIELD, f"SUBSCRIBE {account.extension}", f"{account.name}: {status}")
        await self._until(lambda: len(self._lamps) == len(watching))
        self._ladder.seen("lamps watched")

    async def _mobile(self) -> None:
        name = self._world.accounts[MOBILE_OF].name
        self._ladder.title(f"{name} telephones on the mobile, as the operator tells (a status adapter)")
        self._world.operator_says("on-the-phone")
        self._ladder.arrow(OPERATOR, LAMPFIELD, "status", f"{MOBILE} is busy")
        await self._until(lambda: self._shows(MOBILE_OF, "talking"))
        self._world.operator_says("available")
        self._ladder.arrow(OPERATOR, LAMPFIELD, "status", f"{MOBILE} is free")
        await self._until(lambda: not self._shows(MOBILE_OF, "talking"))
        self._ladder.seen("a mobile's call lights a lamp")

    async def _call(self) -> None:
        self._ladder.title(f"A caller dials the main number {MAIN_NUMBER}")
        outside = Phone("Karen Holm", CALLER, self._world.company.domain, None, self._world.address, OUTSIDE_HOST)
        await outside.start(self._world.media)
        self._phones["outside"] = outside
        call = await outside.call(MAIN_NUMBER)
        self._ladder.arrow(outside.name, LAMPFIELD, f"INVITE {MAIN_NUMBER}")
        await call.answered.wait()
        self._ladder.arrow(LAMPFIELD, outside.name, "200 OK", "answered by the menu")
        await self._seen_event(MenuEntered)
        await self._seen_event(PromptPlayed)
        self._ladder.seen("greeting and menu heard")
        await asyncio.sleep(2.0)
        outside.press(call, "1")
        self._ladder.arrow(outside.name, LAMPFIELD, "key 1", "RTP event, RFC 4733")
        await self._seen_event(KeyPressed)
        self._ladder.seen("key 1 pressed")
        await self._in_queue(outside, call)

    async def _in_queue(self, outside: Phone, call: PhoneCall) -> None:
        await self._seen_event(QueueJoined)
        self._ladder.seen("caller waits in the queue")
        first = await self._seen_event(OfferMade)
        ringing = await self._phones[first.member].rung()
        await self._until(lambda: self._shows(first.member, "ringing"))
        self._ladder.seen("a lamp rings")
        ended = await self._seen_event(OfferEnded)
        await ringing.ended.wait()
        if ended.outcome == "no-answer":
            self._ladder.seen("first offer unanswered")
        second = await self._seen_event(OfferMade)
        colleague = self._phones[second.member]
        incoming = await colleague.rung()
        await self._seen_event(PositionAnnounced)
        self._ladder.seen("position told")
        await asyncio.sleep(2.0)
        await self._talk(outside, call, second.member, incoming)

    async def _talk(self, outside: Phone, call: PhoneCall, member: str, incoming: PhoneCall) -> None:
        colleague = self._phones[member]
        self._ladder.title(f"{colleague.name} answers")
        await colleague.answer(incoming)
        self._ladder.arrow(colleague.name, LAMPFIELD, "200 OK", f"sees {incoming.peer}")
        await incoming.answered.wait()
        self._ladder.seen("a colleague answers")
        await self._until(lambda: self._shows(member, "talking"))
        self._ladder.seen("a lamp shows talking")
        voice = await self._world.voice()
        outside.speak(call, voice)
        colleague.speak(incoming, voice)
        await asyncio.sleep(3.0)
        self._ladder.arrow(outside.name, LAMPFIELD, "BYE")
        heard_outside = await outside.hang_up(call)
        await incoming.ended.wait()
        heard_inside = await colleague.heard(incoming)
        self._ladder.arrow(LAMPFIELD, colleague.name, "BYE", f"packets heard: {heard_outside} and {heard_inside}")
        if heard_outside > 100 and heard_inside > 100:
            self._ladder.seen("both hear each other")
        await self._until(lambda: all(lamp.state == "idle" for lamp in self._lamps.values()))
        self._ladder.seen("all lamps idle")
        ended = await self._seen_event(CallEnded)
        self._tell_record(await self._record(ended.call))

    # What is seen

    def _on_lamp(self, watcher: str, lamp: Lamp) -> None:
        key = (watcher, lamp.extension)
        before = self._lamps.get(key)
        self._lamps[key] = lamp
        if before is None or (before.state, before.peer) != (lamp.state, lamp.peer):
            person = next(a.name for a in self._world.accounts.values() if a.extension == lamp.extension)
            self._ladder.lamp(self._phones[watcher].name, person, lamp.state, lamp.peer)
        self._lamp_changed.set()

    def _shows(self, person: str, state: str) -> bool:
        extension = self._world.accounts[person].extension
        return any(lamp.state == state for (_, watched), lamp in self._lamps.items() if watched == extension)

    async def _until(self, condition: Any) -> None:
        while not condition():
            self._lamp_changed.clear()
            await self._lamp_changed.wait()

    async def _follow_events(self) -> None:
        path = control_path(self._world.configuration.state_directory)
        async for answer in converse(path, "events"):
            event = msgspec.convert(answer, AnyCallEvent)
            text = _told(event)
            if text:
                self._ladder.arrow(LAMPFIELD, LAMPFIELD, text)
            self._events.put_nowait(event)

    async def _seen_event(self, kind: Any) -> Any:
        while True:
            event = await self._events.get()
            if isinstance(event, kind):
                return event

    async def _record(self, call: str) -> CallRecord | None:
        database = open_database(self._world.configuration.database_url)
        try:
            for _ in range(50):
                for record in finished_calls(database, since=0.0):
                    if record.call == call:
                        return record
                await asyncio.sleep(0.1)
            return None
        finally:
            database.dispose()

    def _tell_record(self, record: CallRecord | None) -> None:
        if record is None:
            return
        table = Table(title="Call record", show_header=False, title_justify="left")
        visit = record.queue_visits[0] if record.queue_visits else None
        for name, value in (
            ("caller", record.caller_number),
            ("dialled", record.dialled),
            ("menu", ", ".join(f"{choice.menu}: {choice.key}" for choice in record.menu_choices)),
            ("queue", f"{visit.queue}, waited {visit.waited:.1f} s" if visit else ""),
            ("answered by", record.connected_person or ""),
            ("talked", f"{record.talk_seconds:.1f} s"),
            ("ended", f"{record.cause} by {record.ended_by}"),
        ):
            table.add_row(name, value)
        self._console.print(table)
        if record.connected_person and visit and record.talk_seconds > 1:
            self._ladder.seen("call record")


def _told(event: AnyCallEvent) -> str:
    match event:
        case MenuEntered(menu=menu):
            return f"menu {menu}"
        case PromptPlayed(prompt=prompt):
            return f"plays “{prompt}”"
        case QueueJoined(queue=queue, position=position):
            return f"queue {queue}, place {position}: music"
        case OfferMade(member=member):
            return f"rings {member}"
        case OfferEnded(member=member, outcome=outcome):
            return f"{member}: {outcome}"
        case PositionAnnounced(position=position):
            return f"“you are number {position} in the queue”"
        case _:
            return ""


async def demo(console: Console, *, once: bool) -> bool:
    """Play the call; with `once` False stay up afterwards until Ctrl-C. True when every step was seen."""
    with tempfile.TemporaryDirectory(prefix="lampfield-demo-") as folder:
        world = World(Path(folder))
        try:
            server = await world.start()
            missing = await _played(Play(world, console), server)
            if missing is None:
                console.print("The demo was stopped before its end.")
                return False
            if missing:
                console.print(f"[red]Not seen:[/red] {', '.join(missing)}")
            else:
                console.print("[green]Every step was seen.[/green]")
            if not once:
                _invite(world, console)
                await server
            return not missing
        finally:
            await world.stop()


async def _played(play: Play, server: asyncio.Future[None]) -> list[str] | None:
    """The steps that were not seen; None when the server ended meanwhile, as it does at Ctrl-C."""
    playing = asyncio.ensure_future(play.perform())
    either: set[asyncio.Future[Any]] = {playing, server}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if playing.done():
        return playing.result()
    playing.cancel()
    await asyncio.wait({playing})
    return None


def _invite(world: World, console: Console) -> None:
    table = Table(title=f"Join with a softphone on this machine: server {SERVER_HOST}:{world.port}, UDP or TCP")
    for heading in ("name", "extension", "user name", "password"):
        table.add_column(heading)
    for account in world.accounts.values():
        table.add_row(account.name, account.extension, account.user, account.password)
    console.print(table)
    console.print(f"SIP domain {world.company.domain}; dial 300 for the menu, 301 for the queue. Ctrl-C ends the demo.")

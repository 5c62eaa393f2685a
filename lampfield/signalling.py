"""The signalling process: one loop that owns every SIP dialog, queue and subscription.

Started by the supervisor as `python -m lampfield.signalling`; the sockets and the pipe that says ready are inherited.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield.admission import Admission
from lampfield.api_verbs import ApiVerbs
from lampfield.call_control.houses import Houses
from lampfield.call_control.kept_legs import KeptLegs
from lampfield.call_control.leg_names import caller_leg
from lampfield.call_control.legs import Legs
from lampfield.call_control.recordings import Recordings
from lampfield.call_control.services import Services
from lampfield.call_control.sip_port import SipPort
from lampfield.call_control.switchboard import Switchboard, TakenUp
from lampfield.call_control.tasks import Tasks
from lampfield.child import say_ready
from lampfield.company_hours import CompanyHours
from lampfield.company_pins import CompanyPins
from lampfield.configuration import Configuration, load
from lampfield.control_socket import ControlServer
from lampfield.control_verbs import ControlVerbs
from lampfield.database import open_database, upgrade
from lampfield.door import Door
from lampfield.fan_out import FanOut
from lampfield.journal import Journal
from lampfield.keep_alive import KeepAlive
from lampfield.lamps import Lamps
from lampfield.last_members import LastMembers
from lampfield.live_calls import LiveCalls
from lampfield.logs import start_logging
from lampfield.lookups import HttpInquiry
from lampfield.member_lamps import MemberLamps
from lampfield.membership import Membership
from lampfield.notices.outbox import NoticeOutbox
from lampfield.notices.watch import NoticeWatch
from lampfield.pin_attempts import PinAttempts
from lampfield.places import Places
from lampfield.registrations import Registrations
from lampfield.request_desk import RequestDesk
from lampfield.sound_library.shelves import Shelves
from lampfield.sound_library.studios import Studios
from lampfield.sounds import Sounds
from lampfield.subscriptions import Subscriptions
from lampfield.supervisor import control_path, listeners_of, media_control
from lampfield.tokens import Tokens
from lampfield.trace import TraceHub
from lampfield.trunks import Trunks
from lampfield.voicemail.mailer import Mailer
from lampfield.voicemail.office import VoicemailOffice
from lampfield.voicemail.verbs import VoicemailVerbs
from media.client import MediaClient
from media.clips import ClipStore
from media.events import MediaEvent
from media.prompts.library import PromptLibrary
from media.spare_sessions import SpareSessions
from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from provisioning.directory import Directory, load_directory
from routing.events import CallbackDue
from routing.greetings import GreetingStudio
from routing.model import Company
from routing.queue.runner import CallBack, QueueRunner
from routing.voicemail.service import Voicemail
from sipcore.events import Event
from sipcore.io.clock import make_clock
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener, ListenError
from sipcore.notifier import NotifierConfig
from sipcore.notify_admission import Durations
from sipcore.refresh_lane import RefreshLane
from sipcore.registrar import Registrar, RegistrarConfig
from sipcore.stack import Stack, StackConfig

logger = logging.getLogger("lampfield.signalling")

HOUSEKEEPING_SECONDS = 1.0
"""Between two looks at what expires by itself."""
LAST_WORDS_SECONDS = 2.0
"""How long a stop waits for phones to answer our BYEs: two of them may be lost (Timer E: 0.5 s, 1 s)."""
LAST_WORDS_LOOK = 0.05
"""Seconds between two looks whether they have."""
HEALTH_EVERY = 5
"""Housekeepings between two looks at what people are told of when it is away."""
SWEEP_EVERY = 30
"""Housekeepings between two comparisons of lamps with the calls that exist."""


GC_THRESHOLD = 50_000
"""Objects made before the collector looks: what ends is freed by its reference count, so it need not look often."""


class Signalling:
    """Everything of the process, put together; `run` is its life."""

    def __init__(self, configuration: Configuration, listeners: Sequence[Listener]) -> None:
        self._configuration = configuration
        self._listeners = listeners
        self.clock = make_clock()
        self._token = Tokens()
        self._tasks = Tasks()
        self._begun = asyncio.Event()
        """Set once calls can be made."""
        self._live = LiveCalls()
        self._trace = TraceHub(self._hook_traffic)
        directory = self._open_storage(configuration)
        self._assemble_sip(configuration, directory)
        self._assemble_calls(configuration)
        self._assemble_requests(configuration)

    def _open_storage(self, configuration: Configuration) -> Directory:
        self._database = open_database(configuration.database_url)
        upgrade(self._database)
        self._journal = Journal(configuration.state_directory / "journal")
        self._journal.open()
        self._records = EventWriter(
            self._database,
            Spool(configuration.spool_path),
            writer=self._token(),
            memory_events=configuration.records.memory_events,
        )
        self._events = FanOut(self._records, self._live)
        return load_directory(self._database)

    def _assemble_sip(self, configuration: Configuration, directory: Directory) -> None:
        sip = configuration.sip
        self._door = Door(directory, self.clock, ask=sip.authentication, algorithms=sip.digest_algorithms)
        self._registrar = Registrar(self._registrar_config())
        self._lane = RefreshLane(self._registrar, self._door.authenticator, self._token)
        self._lamps = Lamps(self._token, directory.companies.values(), self._notifier_config())
        self._stack_config = StackConfig(user_agent=sip.user_agent, advertised_host=sip.advertised_address)
        self._stack = Stack(self._stack_config, self._token)
        self._endpoint = SipEndpoint(self._stack, self._lamps.notifier, self.clock, self._on_events, lane=self._lane)
        self._trunks = Trunks(
            configuration.trunks,
            self._stack,
            self._endpoint,
            self.clock,
            self._token,
            advertised_host=sip.advertised_address,
        )

    def _assemble_calls(self, configuration: Configuration) -> None:
        self._hours = CompanyHours(
            self._journal, configuration.state_directory / "closing-days", self._light, self.clock
        )
        secrets = {name: secret.value for name, secret in configuration.secrets.items()}
        self._inquiry = HttpInquiry(secrets, self.clock)
        self._shelves = Shelves(configuration.state_directory)
        self._shelves.configure(self._door.directory.companies.values(), Shelves.load(self._database))
        membership = Membership(self._journal)
        membership.restore()
        membership.follow(self._records.put_member)
        self._member_lamps = MemberLamps(membership, self._light)
        membership.follow(self._member_lamps.changed)
        self._assemble_notices(configuration, membership, secrets)
        self._places = Places(self._journal)
        self._places.restore()
        self._voicemail = VoicemailOffice(
            configuration,
            self._database,
            self._journal,
            emit=self._events,
            clock=self.clock,
            token=self._token,
            show_counts=self._show_counts,
            forget_clips=lambda sound: self._clips.forget(sound),
        )
        self._pin_attempts = PinAttempts()
        last_members = LastMembers(self._journal, self.clock)
        last_members.restore(self._door.directory.companies.values())
        self._studios = Studios(
            self._database,
            configuration.state_directory,
            configuration.own_sounds.limits,
            self._shelves,
            changed=self._reload_sounds,
            forget_clips=lambda sound: self._clips.forget(sound),
        )
        self._houses = Houses(
            self._events,
            self.clock,
            self._hours,
            self._inquiry,
            self._shelves,
            membership,
            self._places,
            self._voicemail_of,
            self._studio_of,
            last_members,
            self._callback_of,
        )
        self._houses.configure(self._door.directory.companies.values())
        self._legs = Legs(self._houses)
        self._media = MediaClient(self._on_media_event)
        self._recordings = Recordings(self._media, configuration.state_directory / "recordings")
        self._spares = SpareSessions(self._media, configuration.media.address, self._token)
        self._clips = ClipStore(configuration.clips_path)
        self._sounds = Sounds(PromptLibrary(configuration.media.prompts), self._shelves, self._clips)
        limits = configuration.limits
        self._admission = Admission(limits.max_calls, limits.calls_per_second, self.clock, self._stack.refuse_new_calls)
        sip = SipPort(self._stack, self.clock, self._endpoint.wake)
        self._kept_legs = KeptLegs(self._journal, self._legs, self._places, sip)
        self._events.follow(self._kept_legs)
        services = Services(
            sip=sip,
            media=self._media,
            spares=self._spares,
            sounds=self._sounds,
            recordings=self._recordings,
            registrar=self._registrar,
            trunks=self._trunks,
            show=self._show,
            legs=self._legs,
            tasks=self._tasks,
            emit=self._events,
            clock=self.clock,
            token=self._token,
            rtp_timeout=configuration.media.rtp_timeout_seconds,
            sdp_address=configuration.media.advertised_address or configuration.media.address,
        )
        self._switchboard = Switchboard(services, self._legs, self._houses, self._door, self._admission)

    def _assemble_notices(
        self, configuration: Configuration, membership: Membership, secrets: Mapping[str, str]
    ) -> None:
        mail = configuration.mail
        mailer = Mailer(mail) if mail.host is not None else None
        self._notices = NoticeOutbox(self._journal, secrets, mailer, self.clock)
        self._notice_watch = NoticeWatch(self._notices, self.clock, self._token)
        membership.follow(self._notice_watch.member)
        self._events.follow(self._notice_watch.call)

    def _assemble_requests(self, configuration: Configuration) -> None:
        self._registrations = Registrations(
            self._registrar, self._lane, self._door, self._lamps, self._houses, self._journal, self.clock
        )
        self._keep_alive = KeepAlive(self._registrar, self._stack, self.clock, self._token, self._registrations.forget)
        self._subscriptions = Subscriptions(self._lamps, self._door, self._journal, self.clock)
        self._desk = RequestDesk(
            self._stack,
            self._switchboard,
            self._registrations,
            self._subscriptions,
            self._trunks,
            self._keep_alive,
            self._stack_config,
            self.clock,
        )
        verbs = ControlVerbs(self._live, self._events, self._trace, self.status, self._reload, self._reload_sounds)
        self._control = ControlServer(
            control_path(configuration.state_directory),
            verbs.table()
            | VoicemailVerbs(self._voicemail.store).table()
            | {"hours": self._houses.tell_hours}
            | ApiVerbs(self._houses, self._hours, self._voicemail.store, self.clock).table(),
        )

    # Life

    async def run(self, ready: int | None) -> None:
        """Serve until SIGTERM, then stop cleanly: no new calls, time for those in progress, everything on disk."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._tasks.spawn(self._reload(), "reload"))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end)
            await self._begin()
            say_ready(ready)
            for work in (
                self._housekeeping(),
                self._admission.watch(lambda: self._switchboard.calls),
                self._hours.run(),
                self._voicemail.run(lambda call: self._recordings.end_orphan(caller_leg(call))),
                self._sounds.prepare(self._door.directory.companies.values()),
            ):
                task = asyncio.ensure_future(work)
                stack.push_async_callback(_cancel, task)
            await stop.wait()
            self._admission.close()
            await self._switchboard.drain(self._configuration.shutdown.drain_seconds)
            await self._last_words()

    async def _begin(self) -> None:
        state = self._configuration.state_directory
        await self._media.connect(media_control(state))
        callers = await self._take_up_callers()
        self._records.start(surviving=[call for call, caller in callers.items() if caller.waits_on])
        await self._spares.begin({leg.rtp.name for leg in self._legs.live()})
        self._studios.clear()
        self._hours.restore(self._door.directory.companies.values())
        self._member_lamps.configure(self._door.directory.companies.values())
        self._configure_notices()
        self._notices.restore()
        messages = self._voicemail.restore(self._door.directory.companies.values())
        bindings, subscriptions = self._registrations.restore(), self._subscriptions.restore()
        await self._endpoint.listen(self._listeners)
        await self._control.start()
        await self._trunks.start()
        self._begun.set()
        self._wait_on(callers)
        # What lives as long as the process is not worth looking at in each collection.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        logger.info(
            "taken up from disk: %d bindings, %d subscriptions, %d messages, %d callers",
            bindings,
            subscriptions,
            messages,
            len(callers),
        )

    async def _take_up_callers(self) -> dict[str, TakenUp]:
        """The legs of callers who waited when the last run ended, by call."""
        audio = {info.session: info for info in await self._media.sessions()}
        return {kept.call: self._switchboard.take_up(kept, audio.get(kept.rtp)) for kept in self._kept_legs.load()}

    def _wait_on(self, callers: Mapping[str, TakenUp]) -> None:
        """Let the callers who can wait on do so, and whoever waited besides go."""
        for call, caller in callers.items():
            caller.go_on()
            if not caller.waits_on:
                self._kept_legs.forget(call)
        self._houses.let_go([call for call, caller in callers.items() if caller.waits_on])

    async def _last_words(self) -> None:
        """Let the phones confirm that their calls are over; a BYE that was lost is sent again meanwhile."""
        for _ in range(round(LAST_WORDS_SECONDS / LAST_WORDS_LOOK)):
            if not self._stack.is_hanging_up:
                return
            await asyncio.sleep(LAST_WORDS_LOOK)

    async def _end(self) -> None:
        self._houses.close()
        await self._trunks.stop()
        await self._control.stop()
        self._subscriptions.settle()
        await self._endpoint.close()
        self._spares.close()
        await self._media.disconnect()
        loop = asyncio.get_running_loop()
        await self._clips.close()
        await self._inquiry.close()
        await self._notices.close()
        await loop.run_in_executor(None, self._journal.close)
        await loop.run_in_executor(None, self._records.stop)
        self._database.dispose()

    async def _housekeeping(self) -> None:
        for turn in range(sys.maxsize):
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            self._registrations.advance()
            self._keep_alive.advance()
            self._lamps.advance(self.clock())
            if turn % HEALTH_EVERY == 0:
                self._watch_health()
            if turn % SWEEP_EVERY == 0:
                self._lamps.sweep({leg.leg for leg in self._legs.live()}, self.clock())
            self._subscriptions.settle()
            self._endpoint.wake()

    async def _reload(self) -> str:
        """Read the companies anew; calls in progress go on as they were routed. Tells what came of it, for people."""
        try:
            directory = await asyncio.to_thread(load_directory, self._database)
        except SQLAlchemyError as error:
            logger.error("the companies cannot be read, those in memory stay: %s", error)
            return f"the companies cannot be read, those in memory stay: {error}"
        self._door.directory = directory
        self._shelves.configure(directory.companies.values())
        self._lane.forget()
        self._houses.configure(directory.companies.values())
        self._lamps.configure(directory.companies.values(), self.clock())
        self._hours.configure(directory.companies.values())
        self._member_lamps.configure(directory.companies.values())
        self._configure_notices()
        self._voicemail.configure(directory.companies.values())
        self._endpoint.wake()
        self._sounds.forget()
        told = f"companies read anew: {', '.join(sorted(directory.companies)) or 'none'}"
        logger.info("%s", told)
        return told

    def _configure_notices(self) -> None:
        self._notices.configure(self._door.directory.companies.values())
        self._notice_watch.configure(self._door.directory.companies.values())

    def _watch_health(self) -> None:
        """Have people told of trunks and a database that are away."""
        records = self._records.state
        self._notice_watch.health("database-away", "the database", records.fault or "")
        for trunk in self._trunks.health():
            fault = "" if trunk.state in ("up", "registered") else trunk.reason or trunk.state
            self._notice_watch.health("trunk-down", f"the trunk {trunk.name}", fault)

    async def _reload_sounds(self) -> str:
        """Read the companies' own sounds anew; callers who hear music hear the changed list from their next file on."""
        try:
            shelves = await asyncio.to_thread(Shelves.load, self._database)
        except SQLAlchemyError as error:
            logger.error("the sounds cannot be read, those in memory stay: %s", error)
            return f"the sounds cannot be read, those in memory stay: {error}"
        self._shelves.configure(self._door.directory.companies.values(), shelves)
        self._sounds.forget()
        for leg in self._legs.live():
            leg.music.renew()
        return "it takes effect at once; music at each caller's next file"

    # Between the parts

    def _on_events(self, events: list[Event]) -> None:
        self._desk.on_events(events)

    def _on_media_event(self, event: MediaEvent) -> None:
        self._switchboard.on_media_event(event)

    def _show(self, aor: str, dialog: DialogState) -> None:
        self._lamps.dialog_changed(aor, dialog, self.clock())
        self._endpoint.wake()

    def _light(self, aor: str, lit: bool) -> None:
        self._lamps.light(aor, lit, self.clock())
        self._endpoint.wake()

    def _show_counts(self, aor: str, counts: MessageCounts) -> None:
        self._lamps.voicemail_changed(aor, counts, self.clock())
        self._endpoint.wake()

    def _voicemail_of(self, company: Company) -> Voicemail:
        return self._voicemail.service(company, self._pins_of(company))

    def _studio_of(self, company: Company) -> GreetingStudio:
        return self._studios.of(company, self._pins_of(company))

    def _pins_of(self, company: Company) -> CompanyPins:
        return CompanyPins(self._database, company.id, self._pin_attempts, self.clock)

    def _callback_of(self, domain: str) -> CallBack:
        async def call_back(runner: QueueRunner, due: CallbackDue) -> None:
            await self._begun.wait()
            await self._switchboard.call_back(domain, runner, due)

        return call_back

    def _hook_traffic(self, hub: TraceHub | None) -> None:
        self._endpoint.on_traffic = hub

    def _notifier_config(self) -> NotifierConfig:
        limits, durations = self._configuration.limits, self._configuration.subscriptions
        return NotifierConfig(
            user_agent=self._configuration.sip.user_agent,
            advertised_host=self._configuration.sip.advertised_address,
            durations=Durations(int(durations.min_seconds), int(durations.max_seconds), int(durations.default_seconds)),
            most_subscriptions=limits.subscriptions,
        )

    def _registrar_config(self) -> RegistrarConfig:
        wanted = self._configuration.registrations
        return RegistrarConfig(
            min_expires=int(wanted.min_seconds),
            max_expires=int(wanted.max_seconds),
            default_expires=int(wanted.default_seconds),
            max_bindings=wanted.contacts,
        )

    def status(self) -> dict[str, Any]:
        """How the process is doing, for `lampfield calls` and watchdogs."""
        return {
            "calls": self._switchboard.calls,
            "legs": len(self._legs),
            "subscriptions": self._lamps.notifier.count,
            "records": msgspec.to_builtins(self._records.state),
            "journal": self._journal.fault,
            "voicemail": self._voicemail.fault,
            "trunks": msgspec.to_builtins(self._trunks.health()),
            "stack": self._stack.counts(),
            "traffic": msgspec.to_builtins(self._endpoint.counters),
        }


async def _cancel(task: asyncio.Future[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def inherited(listeners: Sequence[Listener], sockets: Sequence[str]) -> list[Listener]:
    """The listeners with the descriptors that the supervisor handed over, each as `udp:127.0.0.1:5060=7`."""
    descriptors = dict(socket.rsplit("=", 1) for socket in sockets)
    return [
        msgspec.structs.replace(listener, fd=int(descriptors[str(listener)]))
        if str(listener) in descriptors
        else listener
        for listener in listeners
    ]


async def serve(configuration: Configuration, sockets: Sequence[str], ready: int | None) -> None:
    """Assemble and run the process until SIGTERM."""
    signalling = Signalling(configuration, inherited(listeners_of(configuration), sockets))
    await signalling.run(ready)


def main() -> None:
    """The process's entry."""
    parser = argparse.ArgumentParser(prog="lampfield.signalling")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--socket", action="append", default=[])
    parser.add_argument("--ready-fd", type=int)
    arguments = parser.parse_args()
    configuration = load(arguments.config) if arguments.config else Configuration()
    start_logging(configuration.log.level)
    try:
        asyncio.run(serve(configuration, arguments.socket, arguments.ready_fd))
    except (SQLAlchemyError, ListenError, OSError) as error:
        logger.error("signalling cannot run: %s", str(getattr(error, "orig", None) or error).strip())
        sys.exit(1)


if __name__ == "__main__":
    main()

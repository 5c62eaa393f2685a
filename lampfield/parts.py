"""All parts of the signalling process, put together. What they need of each other is written out here, once."""

import asyncio
from collections.abc import Mapping
from functools import partial

from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield import core_settings
from lampfield.adapters.intake import Intake
from lampfield.admission import Admission
from lampfield.beginning import Beginning
from lampfield.call_control.houses import Houses
from lampfield.call_control.kept_calls import KeptCalls
from lampfield.call_control.kept_ringing import KeptRinging
from lampfield.call_control.legs import Legs
from lampfield.call_control.recordings import Recordings
from lampfield.call_control.services import Services
from lampfield.call_control.sip_port import SipPort
from lampfield.call_control.switchboard import Switchboard
from lampfield.call_control.taking_up import TakingUp
from lampfield.call_control.tasks import Tasks
from lampfield.company_hours import CompanyHours
from lampfield.company_pins import PinDesk
from lampfield.completions import Completions
from lampfield.configuration import Configuration
from lampfield.consents import Consents
from lampfield.control_socket import ControlServer
from lampfield.door import Door
from lampfield.fan_out import FanOut
from lampfield.journal import Journal
from lampfield.keep_alive import KeepAlive
from lampfield.last_members import LastMembers
from lampfield.live_calls import LiveCalls
from lampfield.locations import Locations
from lampfield.lookups import HttpInquiry
from lampfield.membership import Membership
from lampfield.notices.outbox import NoticeOutbox
from lampfield.notices.watch import NoticeWatch
from lampfield.places import Places
from lampfield.presence.addresses import parts_of
from lampfield.presence.feature_sync import FeatureSync
from lampfield.presence.history import StateHistory
from lampfield.presence.lamps import Lamps
from lampfield.presence.lights import Lights
from lampfield.presence.member_lamps import MemberLamps
from lampfield.presence.message_lamps import MessageLamps
from lampfield.presence.own_keys import OwnKeys
from lampfield.presence.own_statuses import OwnStatuses
from lampfield.presence.park_lamps import ParkLamps
from lampfield.presence.person_features import PersonFeatures
from lampfield.presence.publications import Publications
from lampfield.presence.publish_lane import PublishLane
from lampfield.presence.publish_packages import PUBLISH_PACKAGES
from lampfield.presence.queue_lamps import QueueLamps
from lampfield.presence.right_to_publish import RightToPublish, server_accounts
from lampfield.presence.subscriptions import Subscriptions
from lampfield.presence.sweeper import Sweeper
from lampfield.presence.watching import Watching
from lampfield.registrations import Registrations
from lampfield.reloading import Reloading
from lampfield.request_desk import RequestDesk
from lampfield.sound_library.shelves import Shelves
from lampfield.sound_library.studios import Studios
from lampfield.sounds import Sounds
from lampfield.standings import Standings
from lampfield.status_feed import StatusFeed
from lampfield.supervisor import control_path, reports_path
from lampfield.tail import Tails
from lampfield.tokens import Tokens
from lampfield.trace import TraceHub
from lampfield.trunks import Trunks
from lampfield.verbs import verbs_of
from lampfield.voicemail.mailer import Mailer
from lampfield.voicemail.office import VoicemailOffice
from media.client import MediaClient
from media.clips import ClipStore
from media.prompts.library import PromptLibrary
from media.spare_sessions import SpareSessions
from presence_pidf.message_summary import MessageCounts
from provisioning.directory import Directory
from provisioning.sound_shelf import SoundShelf
from routing.events import CallbackDue
from routing.greetings import GreetingStudio
from routing.model import Company
from routing.ports import Clock
from routing.queue.runner import QueueRunner
from routing.voicemail.service import Voicemail
from sipcore.io.endpoint import SipEndpoint
from sipcore.publication import EventStateCompositor
from sipcore.refresh_lane import RefreshLane
from sipcore.refusal_lane import RefusalLane
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig
from sipcore.subscribe_lane import SubscribeLane


class Parts:
    """One of each, by name."""

    def __init__(
        self, configuration: Configuration, clock: Clock, beginning: Beginning, tails: Tails | None = None
    ) -> None:
        """`clock` tells the seconds since the UTC epoch and never goes back.

        `tails` are what the last run left in memory.
        """
        self.configuration = configuration
        self.clock = clock
        self.token = Tokens()
        self.tasks = Tasks()
        self.database = beginning.database
        self.reloading = Reloading(self, beginning)
        self.begun = asyncio.Event()
        """Set once calls can be made."""
        self.live = LiveCalls()
        self.trace = TraceHub(self._hook_traffic)
        self._open_storage(configuration, tails or Tails())
        self._assemble_sip(configuration, beginning.picture.directory())
        self._assemble_calls(configuration, beginning.picture.shelves)
        self._assemble_requests(configuration)

    def _open_storage(self, configuration: Configuration, tails: Tails) -> None:
        self.journal = Journal(configuration.state_directory / "journal", tails.journal)
        self.journal.open()
        self.records = EventWriter(
            self.database,
            Spool(configuration.spool_path),
            writer=self.token(),
            memory_events=configuration.records.memory_events,
            memory=tails.records,
        )
        self.events = FanOut(self.records, self.live)

    def _assemble_sip(self, configuration: Configuration, directory: Directory) -> None:
        sip = configuration.sip
        self.door = Door(
            directory,
            self.clock,
            ask=sip.authentication,
            algorithms=sip.digest_algorithms,
            servers=server_accounts(configuration.publishers.values()),
        )
        self.registrar = Registrar(core_settings.registrar(configuration))
        self.lane = RefreshLane(self.registrar, self.door.authenticator, self.token)
        self.lamps = Lamps(
            self.token,
            directory.companies.values(),
            core_settings.notifier(configuration),
            self.clock,
            bindings=self.registrar.bindings,
            features=lambda aor: self.feature_sync.states(aor),
        )
        self.stack_config = StackConfig(user_agent=sip.user_agent, advertised_host=sip.advertised_address)
        self.stack = Stack(self.stack_config, self.token)
        self.publications = Publications(
            EventStateCompositor(self.token, PUBLISH_PACKAGES, core_settings.compositor(configuration)),
            self.lamps,
            RightToPublish(self.door, configuration.publishers.values()),
            self.journal,
            self.clock,
        )
        self.publish_lane = PublishLane(self.publications, self.door.authenticator)
        self.subscribe_lane = SubscribeLane(self.lamps.notifier, self.door.authenticator, self.registrar)
        self.endpoint = SipEndpoint(
            self.stack,
            self.lamps.notifier,
            self.clock,
            lambda events: self.desk.on_events(events),
            settle=self._settle,
            lanes=[self.lane, self.subscribe_lane, self.publish_lane, RefusalLane(self.stack)],
        )
        self.lights = Lights(self.lamps, self.endpoint.wake, self.clock)
        self.trunks = Trunks(
            configuration.trunks,
            self.stack,
            self.endpoint,
            self.clock,
            self.token,
            advertised_host=sip.advertised_address,
        )

    def _assemble_calls(self, configuration: Configuration, shelves: Mapping[str, SoundShelf]) -> None:
        self.hours = CompanyHours(
            self.journal, configuration.state_directory / "closing-days", self.lights.light, self.clock
        )
        secrets = {name: secret.value for name, secret in configuration.secrets.items()}
        self.inquiry = HttpInquiry(secrets, self.clock)
        self.shelves = Shelves(configuration.state_directory)
        self.shelves.configure(self.door.directory.companies.values(), shelves)
        membership = Membership(self.journal)
        membership.restore()
        membership.follow(self.records.put_member)
        self.member_lamps = MemberLamps(membership, self.lights.light)
        membership.follow(self.member_lamps.changed)
        self._assemble_notices(configuration, membership, secrets)
        standings = Standings(self.journal, self.clock)
        standings.restore(self.door.directory.companies.values())
        self.places = Places(self.journal)
        self.places.restore()
        self.person_features = PersonFeatures(self.journal, self.clock, self.lights.report)
        self.person_features.restore()
        self.own_statuses = OwnStatuses(self.journal, self.clock, self.lights.report)
        self.own_statuses.restore()
        self.feature_sync = FeatureSync(self.person_features, self.lamps, self.clock)
        self.feature_sync.configure(self.door.directory.companies.values())
        membership.follow(self.places.member)
        self.voicemail = VoicemailOffice(
            configuration,
            self.database,
            self.journal,
            emit=self.events,
            clock=self.clock,
            token=self.token,
            show_counts=self.show_counts,
            forget_clips=lambda sound: self.clips.forget(sound),
        )
        self.own_keys = OwnKeys(self.person_features.wishes, self.voicemail.store.has_new, self.lights.light)
        self.person_features.follow(self.own_keys.wishes_changed)
        self.lamps.things.add(self.own_keys.is_on)
        self.own_keys.configure(self.door.directory.companies.values())
        self.pins = PinDesk(self.database, self.clock)
        last_members = LastMembers(self.journal, self.clock)
        last_members.restore(self.door.directory.companies.values())
        self.studios = Studios(
            self.database,
            configuration.state_directory,
            configuration.own_sounds.limits,
            self.shelves,
            changed=self.reloading.sounds,
            forget_clips=lambda sound: self.clips.forget(sound),
        )
        self.completions = Completions(
            self.journal,
            self.clock,
            self.lights.light,
            lambda company, asker, target: self.switchboard.recall(company, asker, target),
        )
        self.completions.restore()
        self.events.hand_out(self.completions.takers())
        self.lamps.things.add(self.completions.is_on)
        self.lamps.follow_watchers(self.completions.watched)
        self.queue_lamps = QueueLamps(
            lambda company, queue: self.houses.queue_state(company, queue),
            lambda call: self.legs.caller_of(call),
            self.lights.thing,
        )
        self.park_lamps = ParkLamps(
            lambda company, slot: self.houses.parked(company, slot),
            lambda call: self.legs.caller_of(call),
            self.lights.thing,
        )
        membership.follow(lambda company, event: self.queue_lamps.changed(company, event.queue))
        self.houses = Houses(
            self.events,
            self.clock,
            self.hours,
            self.inquiry,
            self.shelves,
            membership,
            standings,
            self.places,
            self.person_features,
            self.own_statuses,
            self.completions,
            self._voicemail_of,
            self._studio_of,
            last_members,
            self.queue_lamps.changed,
            self.park_lamps.changed,
            lambda domain: partial(self._park_held, domain),
            lambda domain: partial(self._call_back, domain),
        )
        self.houses.configure(self.door.directory.companies.values())
        self.legs = Legs(self.houses)
        self.media = MediaClient(lambda event: self.switchboard.on_media_event(event), self.endpoint.wake)
        self.recordings = Recordings(self.media, configuration.state_directory / "recordings")
        self.spares = SpareSessions(self.media, configuration.media.address, self.token)
        self.clips = ClipStore(configuration.clips_path)
        self.sounds = Sounds(PromptLibrary(configuration.media.prompts), self.shelves, self.clips)
        limits = configuration.limits
        self.admission = Admission(limits.max_calls, limits.calls_per_second, self.clock, self.stack.refuse_new_calls)
        self.endpoint.on_backlog = self.admission.waiting
        sip = SipPort(self.stack, self.clock, self.endpoint.wake)
        self.kept_calls = KeptCalls(self.journal, self.legs, sip)
        self.events.hand_out(self.kept_calls.takers())
        self.kept_ringing = KeptRinging(self.journal, self.legs, sip, self.trunks)
        self.events.hand_out(self.kept_ringing.takers())
        services = Services(
            sip=sip,
            media=self.media,
            spares=self.spares,
            sounds=self.sounds,
            recordings=self.recordings,
            registrar=self.registrar,
            trunks=self.trunks,
            show=self.lights.dialog,
            talking=self.kept_calls.talking,
            legs=self.legs,
            tasks=self.tasks,
            emit=self.events,
            clock=self.clock,
            token=self.token,
            rtp_timeout=configuration.media.rtp_timeout_seconds,
            sdp_address=configuration.media.advertised_address or configuration.media.address,
        )
        self.switchboard = Switchboard(services, self.legs, self.houses, self.door, self.admission)
        self.taking_up = TakingUp(services, self.legs, self.houses, self.kept_calls, self.switchboard.go_on)

    def _assemble_notices(
        self, configuration: Configuration, membership: Membership, secrets: Mapping[str, str]
    ) -> None:
        mail = configuration.mail
        mailer = Mailer(mail) if mail.host is not None else None
        self.notices = NoticeOutbox(self.journal, secrets, mailer, self.clock)
        self.notice_watch = NoticeWatch(self.notices, self.clock, self.token)
        membership.follow(self.notice_watch.member)
        self.events.hand_out(self.notice_watch.takers())

    def _assemble_requests(self, configuration: Configuration) -> None:
        self.registrations = Registrations(
            self.registrar, self.lane, self.door, self.lamps, self.houses, self.journal, self.clock
        )
        host = configuration.sip.advertised_address
        self.keep_alive = KeepAlive(self.registrar, self.stack, self.clock, self.token, self.registrations.forget, host)
        self.message_lamps = MessageLamps(self.lamps, self.registrar, self.stack, self.clock, self.token, host)
        self.registrations.follow(self.message_lamps.binding_changed)
        self.intake = Intake(
            reports_path(configuration.state_directory),
            self.lamps,
            self.clock,
            lambda: self.endpoint.wake(),
            lambda presentity: self.consents.of(presentity),
        )
        self.subscriptions = Subscriptions(
            self.lamps, self.feature_sync, self.door, self.registrar, self.subscribe_lane, self.journal, self.clock
        )
        self.sweeper = Sweeper(self.lamps, self.legs.live, self.clock)
        self.events.follow(self.sweeper.on_call, Sweeper.FOLLOWED)
        self.state_history = StateHistory(self.records.inbox.put, self.database, self.clock)
        self.state_history.configure(self.door.directory.companies.values())
        self.lamps.followers.follow(self.state_history.changed)
        self.consents = Consents(self.journal, self.houses, self.clock)
        self.consents.follow(lambda consent: self.intake.consents_changed())
        self.locations = Locations(self.consents, self.lamps, self.houses, self.clock)
        self.status_feed = StatusFeed(self.lamps, self.clock)
        self.watching = Watching(
            configuration.watch.values(),
            self.lamps,
            self.stack,
            self.endpoint,
            self.clock,
            self.token,
            advertised_host=host,
        )
        self.desk = RequestDesk(
            self.stack,
            self.switchboard,
            self.registrations,
            self.subscriptions,
            self.publications,
            self.watching,
            self.trunks,
            self.keep_alive,
            self.message_lamps,
            self.stack_config,
            self.clock,
        )
        self.control = ControlServer(control_path(configuration.state_directory), verbs_of(self))

    # Between the parts

    def _settle(self) -> None:
        self.desk.settle()
        self.media.flush()

    def show_counts(self, aor: str, counts: MessageCounts) -> None:
        """So many messages wait for the person with this AOR: for lamps, keys and phones that did not ask."""
        if self.lamps.voicemail_changed(aor, counts, self.clock()):
            self.message_lamps.changed(aor)
        person, domain = parts_of(aor)
        self.own_keys.messages_changed(domain, person)
        self.endpoint.wake()

    def _voicemail_of(self, company: Company) -> Voicemail:
        return self.voicemail.service(company, self.pins.of(company))

    def _studio_of(self, company: Company) -> GreetingStudio:
        return self.studios.of(company, self.pins.of(company))

    async def _call_back(self, domain: str, runner: QueueRunner, due: CallbackDue) -> None:
        await self.begun.wait()
        await self.switchboard.call_back(domain, runner, due)

    async def _park_held(self, domain: str, person: str, slot: str) -> str | None:
        house = self.houses.of_domain(domain)
        return await self.switchboard.parks.park_held(house, person, slot) if house is not None else None

    def _hook_traffic(self, hub: TraceHub | None) -> None:
        self.endpoint.on_traffic = hub

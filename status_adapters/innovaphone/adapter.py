"""A link to an innovaphone PBX, both ways. Many PBXs are many links, each with its own health."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from presence_pidf.merge_rules import DEFAULT_STALE_SECONDS, kind_of
from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.http_client import HttpClient, SourceFault
from status_adapters.innovaphone.members import Member, MonthCount, Said
from status_adapters.innovaphone.session import PbxSession
from status_adapters.innovaphone.settings import InnovaphoneSettings
from status_adapters.innovaphone.soap import PbxUser, Polled
from status_adapters.matching import Ambiguous, People
from status_adapters.means import Means
from status_adapters.people import by_presentity
from status_adapters.together import together

AT_ONCE = 4
"""Requests at the same time beside the Poll: a PBX is a small machine."""
HEARD_SECONDS = 300.0
"""How often everybody is reported as the PBX has them, so that who is quiet for long is not thought gone."""
_MONITORED = "monitored/"


class InnovaphoneAdapter:
    """Fulfils `status_adapters.adapter.Adapter`, `Teller` and `Overhearer`."""

    def __init__(self, name: str, settings: InnovaphoneSettings, means: Means) -> None:
        self.name = name
        self._settings = settings
        self._means = means
        self._named = {cn: presentity for presentity, cn in by_presentity(settings.people).items()}
        self._people = People()
        self._here: dict[str, Said] = {}
        """What people do here."""
        self._elsewhere: dict[tuple[str, str], StatusReport] = {}
        """What other adapters report, by presentity and kind."""
        self._members: dict[str, Member] = {}
        """By cn."""
        self._handles: dict[int, Member] = {}
        self._to_show: dict[str, None] = {}
        self._some_to_show = asyncio.Event()
        self._billed = self._two_months()

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on."""
        self._people = People(people)
        for member in self._members.values():
            # One who could be two people was told as such when the session began.
            with contextlib.suppress(Ambiguous):
                member.presentity = self._who(member, self._people)

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        """Show the person's state on the PBX."""
        self._here[presentity] = Said(activity, note)
        self._show_person(presentity)

    def overheard(self, report: StatusReport) -> None:
        """Show on the PBX what mobile networks and calendars say."""
        kind = kind_of(report.source)
        if kind in ("mobile", "calendar"):
            self._elsewhere[report.presentity, kind] = report
            self._show_person(report.presentity)

    def _show_person(self, presentity: str) -> None:
        for cn, member in self._members.items():
            if member.presentity == presentity:
                self._show_soon(cn)

    def monitored(self, month: str) -> int:
        """How many different users were monitored in a month such as `2026-11`."""
        return len(self._month(month).guids)

    async def run(self, told: Report, health: Health) -> None:
        """Report until cancelled. Raises LoginRefused, SourceFault: then everything begins anew."""
        self._members.clear()
        self._handles.clear()
        async with HttpClient(self._means, verify=self._settings.verify) as http:
            session = PbxSession(http, self._settings, self._means.secret(self._settings.secret_name))
            try:
                await session.begin()
                health.logged_in()
                await together(self._listen(session, told, health), self._show(session, health))
            finally:
                await session.end()

    async def test(self, person: Watched) -> list[Finding]:
        """Log in, read the users, and look for one person among them."""
        found: list[Finding] = []
        async with HttpClient(self._means, verify=self._settings.verify) as http:
            session = PbxSession(http, self._settings, self._means.secret(self._settings.secret_name))
            try:
                await session.begin()
                found.append(Finding("log-in", True, "the PBX gives us a session"))
                users = await self._first_users(session)
                monitored = [user for user in users if self._is_monitored(user)]
                said = f"{len(monitored)} of {len(users)} users are in group {self._settings.group} and not active"
                found.append(Finding("group", bool(monitored), said))
                people = People([person])
                members = [Member(user, await session.forks(user.cn)) for user in monitored]
                hits = [one.user.cn for one in members if self._who(one, people) == person.presentity]
                said = f"{person.presentity} is {', '.join(hits) or 'none of them'}"
                found.append(Finding("person", len(hits) == 1, said))
            except (SourceFault, Ambiguous) as fault:
                found.append(Finding("request", False, str(fault)))
            finally:
                await session.end()
        month = self._this_month()
        found.append(Finding("billing", True, f"{self.monitored(month)} users monitored in {month}"))
        return found

    async def _first_users(self, session: PbxSession) -> list[PbxUser]:
        users: dict[str, PbxUser] = {}
        while True:
            for user in (await session.poll()).users:
                if not user.cn:
                    return list(users.values())
                users[user.cn] = user

    async def _listen(self, session: PbxSession, told: Report, health: Health) -> None:
        """Take in what the PBX tells, until cancelled; while it is taken in, the next Poll is pending."""
        poll = asyncio.ensure_future(session.poll())
        heard_at = self._means.clock()
        try:
            while True:
                news = await poll
                poll = asyncio.ensure_future(session.poll())
                health.logged_in()
                await self._take(session, news, told, health)
                if self._means.clock() - heard_at > HEARD_SECONDS:
                    heard_at = self._means.clock()
                    self._count()
                    for cn, member in self._members.items():
                        self._tell(member, told)
                        # What could not be shown is tried again.
                        self._show_soon(cn)
        finally:
            poll.cancel()
            await asyncio.gather(poll, return_exceptions=True)

    async def _take(self, session: PbxSession, news: Polled, told: Report, health: Health) -> None:
        changed: dict[str, Member] = {}
        turn = asyncio.Semaphore(AT_ONCE)

        async def meet(user: PbxUser) -> None:
            async with turn:
                member = await self._meet(session, user, health)
            if member is not None:
                changed[user.cn] = member

        newest = {user.cn: user for user in news.users if user.cn}
        await asyncio.gather(*(meet(user) for user in newest.values()))
        for call in news.calls:
            member = self._handles.get(call.user)
            if member is not None:
                member.called(call)
                changed[member.user.cn] = member
        for cn, member in changed.items():
            self._tell(member, told)
            self._show_soon(cn)
        if changed:
            self._count()

    async def _meet(self, session: PbxSession, user: PbxUser, health: Health) -> Member | None:
        """The member that a user is, made where it is new; None for users who are not monitored."""
        member = self._members.get(user.cn)
        if not self._is_monitored(user):
            if member is not None:
                del self._members[user.cn]
                self._handles = {handle: one for handle, one in self._handles.items() if one is not member}
                # What the PBX said of one who is no longer monitored holds no longer.
                member.user = PbxUser(user.cn)
                member.calls.clear()
            return member
        if member is not None:
            member.user = user
            return member
        try:
            member = Member(user, await session.forks(user.cn))
            handle = await session.monitor(user.cn)
            member.presentity = self._who(member, self._people)
        except (SourceFault, Ambiguous) as fault:
            health.failed(f"{user.cn}: {fault}")
            return None
        self._members[user.cn] = self._handles[handle] = member
        return member

    def _who(self, member: Member, people: People) -> str:
        """Whom a member is here: as the settings say, else as its mail address or number do. Raises Ambiguous."""
        named = self._named.get(member.user.cn)
        if named is not None:
            return named if named in people else ""
        return member.who(people)

    def _is_monitored(self, user: PbxUser) -> bool:
        return user.active and user.groups.get(self._settings.group) is False

    def _tell(self, member: Member, told: Report) -> None:
        if self._settings.direction == "out" or not member.presentity:
            return
        activity, note = member.says()
        told(
            StatusReport(
                presentity=member.presentity,
                source=f"pbx:{self.name}",
                activity=activity,
                at=self._means.clock(),
                note=" ".join(note.split())[:200],
            )
        )

    def _show_soon(self, cn: str) -> None:
        self._to_show[cn] = None
        self._some_to_show.set()

    async def _show(self, session: PbxSession, health: Health) -> None:
        """Show states on the PBX, until cancelled; what changes meanwhile is shown as it is then."""
        turn = asyncio.Semaphore(AT_ONCE)
        while True:
            await self._some_to_show.wait()
            self._some_to_show.clear()
            waiting, self._to_show = list(self._to_show), {}
            await asyncio.gather(*(self._show_one(session, cn, turn, health) for cn in waiting))

    async def _show_one(self, session: PbxSession, cn: str, turn: asyncio.Semaphore, health: Health) -> None:
        member = self._members.get(cn)
        if member is None or not member.presentity or self._settings.direction == "in":
            return
        async with turn:
            for presence in member.to_show(*self._to_say(member.presentity)):
                try:
                    await session.set_presence(member.user.h323, presence)
                except SourceFault as fault:
                    health.failed(f"{cn} not told: {fault}")
                else:
                    member.shown[presence.contact] = presence

    def _to_say(self, presentity: str) -> tuple[Said | None, Said | None]:
        """A call of the person's, here or at the mobile; and what the person has set here, else what calendars say."""
        here = self._here.get(presentity, Said("available"))
        mobile = self._fresh(presentity, "mobile")
        call = here if here.activity == "on-the-phone" else mobile if mobile.activity == "on-the-phone" else None
        if here.activity not in ("available", "on-the-phone"):
            return call, here
        return call, self._fresh(presentity, "calendar")

    def _fresh(self, presentity: str, kind: str) -> Said:
        """What a kind of source says, as long as it is heard of."""
        report, now = self._elsewhere.get((presentity, kind)), self._means.clock()
        if report is None or not report.live(now) or now - report.at > DEFAULT_STALE_SECONDS[kind]:
            return Said("unknown")
        return Said(report.activity, report.note)

    def _count(self) -> None:
        """Keep who was monitored this month."""
        month = self._this_month()
        before = self._month(month)
        after = before.with_members(member.user for member in self._members.values())
        if after != before:
            self._means.memory.put(_MONITORED + month, msgspec.json.encode(after))
        self._billed = self._two_months()

    @property
    def monitored_by_month(self) -> dict[str, int]:
        return self._billed

    def _two_months(self) -> dict[str, int]:
        """This month's count and the last one's."""
        this = datetime.fromtimestamp(self._means.clock(), UTC)
        last = this.replace(day=1) - timedelta(days=1)
        return {month: self.monitored(month) for month in (f"{last:%Y-%m}", f"{this:%Y-%m}")}

    def _month(self, month: str) -> MonthCount:
        kept = self._means.memory.get(_MONITORED + month)
        return msgspec.json.decode(kept, type=MonthCount) if kept else MonthCount()

    def _this_month(self) -> str:
        return datetime.fromtimestamp(self._means.clock(), UTC).strftime("%Y-%m")

"""Texts from an SMS gateway: by query, form or JSON; the answer is the text to send back."""

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec

from presence_pidf.status_text import SOURCE, NotUnderstood, confirmed, understood
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.matching import Ambiguous, People
from status_adapters.means import Means
from status_adapters.text.settings import TextSettings


class TextGateway:
    """One gateway. Who writes is known by the number: the gateway answers for it."""

    def __init__(self, name: str, settings: TextSettings, means: Means) -> None:
        self._name = name
        self._settings = settings
        self._secret = means.secret(settings.secret_name)
        self._url = means.hook_url
        self._people = People()
        self._running: tuple[Report, Health] | None = None

    @property
    def name(self) -> str:
        return self._name

    def watch(self, people: Iterable[Watched]) -> None:
        self._people = People(people)

    async def run(self, report: Report, health: Health) -> None:
        self._running = report, health
        health.logged_in()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = None

    async def test(self, person: Watched) -> list[Finding]:
        number = ", ".join(person.numbers)
        return [
            Finding("listening", bool(self._url), f"texts come to {self._url or 'nowhere'}"),
            Finding("number", bool(number), f"{person.presentity} writes from {number or 'no number that is known'}"),
        ]

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """Take a text: 200 with what is to be answered, also where it was not understood."""
        if self._running is None:
            return HookAnswer(503, "try again later", headers={"retry-after": "5"})
        try:
            asked = {**request.query, **_parameters(request)}
        except (msgspec.DecodeError, ValueError) as fault:
            return HookAnswer(400, f"expected a form or a JSON object of texts: {fault}")
        bearer = request.header("authorization").removeprefix("Bearer ")
        if not hmac.compare_digest(
            (bearer or asked.get(self._settings.token_parameter, "")).encode(), self._secret.encode()
        ):
            return HookAnswer(401, "the secret is another", headers={"www-authenticate": "Bearer"})
        sender = asked.get(self._settings.from_parameter, "")
        return self._take(sender, asked.get(self._settings.text_parameter, ""), request.at, *self._running)

    def _take(self, sender: str, text: str, at: float, report: Report, health: Health) -> HookAnswer:
        try:
            # Gateways that send a number by query lose its plus to a blank.
            person = self._people.by_number(f"+{sender.strip()}" if sender.startswith(" ") else sender)
        except Ambiguous as fault:
            health.wrong("ambiguous", str(fault))
            return HookAnswer(200, "This number is known for several people")
        if person is None:
            health.wrong("unknown person", f"nobody is known by {sender[:40]}")
            return HookAnswer(200, "This number is nobody's here")
        try:
            wish = understood(text, person.time_zone, at)
        except NotUnderstood as fault:
            health.wrong("not understood", str(fault))
            return HookAnswer(200, str(fault))
        report(wish.report(person.presentity, SOURCE, at))
        return HookAnswer(200, confirmed(wish))


def _parameters(request: HookRequest) -> Mapping[str, str]:
    """What the body says. Raises msgspec.DecodeError, ValueError."""
    if not request.body:
        return {}
    if request.header("content-type").startswith("application/json"):
        return msgspec.json.decode(request.body, type=dict[str, str])
    return dict(parse_qsl(request.body.decode("utf-8"), max_num_fields=100))

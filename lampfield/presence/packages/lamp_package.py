"""What the event packages that are rendered from lamps have in common."""

from collections.abc import Mapping, Sequence

from lampfield.presence.lamp import UNREGISTERED, Lamp
from lampfield.presence.list_view import ListView
from lampfield.presence.lists import Lists
from presence_pidf.form import Form, form_named
from presence_pidf.person_state import PersonState
from presence_pidf.profiles import shared_profile_of
from presence_pidf.seen import seen
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord


class LampPackage:
    """Documents are made from the lamps, by the phone's profile.

    `kinds` are the content types in order of preference, each with its word in the form (`presence_pidf.form`).
    """

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists, name: str, kinds: Mapping[str, str]) -> None:
        self._lamps = lamps
        self._lists = lists
        self._kinds = dict(kinds)
        self.name = name
        self.content_types = tuple(kinds)

    def form(self, content_types: Sequence[str], user_agent: str) -> str:
        profile = shared_profile_of(user_agent)
        better = [content_type for content_type in profile.content_types if content_type in content_types]
        return Form(profile, self._kinds[(better or content_types)[0]]).name

    def interval(self, form: str) -> float:
        most = form_named(form).profile.most_per_second
        return 1.0 / most if most else 0.0

    def list_event(self, sent: str, form: str) -> str:
        named = form_named(form).profile.list_event
        if not named or self.name != "presence":
            return sent
        _, semicolon, parameters = sent.partition(";")
        return f"{named}{semicolon}{parameters}"

    def view(self, record: SubscriptionRecord) -> View | None:
        return ListView(self._lists.subject(record)) if record.eventlist else None

    def state(self, resource: str, form: Form) -> PersonState:
        """The state as who has this form may see it; who has just left the company is there no more."""
        lamp = self._lamps.get(resource)
        return UNREGISTERED if lamp is None else seen(lamp.state, form.detail)

"""What the event packages that are rendered from lamps have in common."""

from collections.abc import Mapping, Sequence

from lampfield.presence.lamp import Lamp
from presence_pidf.profiles import profile_named, profile_of
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord


class LampPackage:
    """Documents are made from the lamps, by the phone's profile."""

    def __init__(self, lamps: Mapping[str, Lamp], name: str, content_type: str) -> None:
        self._lamps = lamps
        self.name = name
        self.content_types = (content_type,)

    def form(self, content_types: Sequence[str], user_agent: str) -> str:
        return profile_of(user_agent).name

    def interval(self, form: str) -> float:
        most = profile_named(form).most_per_second
        return 1.0 / most if most else 0.0

    def view(self, record: SubscriptionRecord) -> View | None:
        return None

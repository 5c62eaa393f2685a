"""Event package `as-feature-event`: do not disturb and forwarding of oneself, in step with the phone's keys."""

from collections.abc import Callable, Mapping
from typing import Final

from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.feature_events import CONTENT_TYPE, PhoneFeatures, render_features

NAME: Final = "as-feature-event"

Features = Callable[[str], PhoneFeatures]
"""What the person with this AOR has set."""


def nothing_set(aor: str) -> PhoneFeatures:
    """Where nobody sets anything."""
    return PhoneFeatures("", False, ())


class FeatureEventPackage(LampPackage):
    """What is set by key, code or program, for every phone of the person."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists, features: Features) -> None:
        super().__init__(lamps, lists, NAME, {CONTENT_TYPE: ""})
        self._features = features

    def document(self, resource: str, form: str) -> Document:
        return render_features(self._features(resource))

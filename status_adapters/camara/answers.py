"""What operators answer, by the definitions of their APIs, and what it means here."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from presence_pidf.status_report import Forwarding, ForwardingKind, Location, Roaming

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ErrorInfo(msgspec.Struct, frozen=True):
    """The body of every error."""

    status: int = 0
    code: str = ""
    message: str = ""


class ReachabilityStatus(msgspec.Struct, frozen=True, rename="camel"):
    last_status_time: Moment
    reachable: bool
    connectivity: tuple[Literal["DATA", "SMS"], ...] = ()


class RoamingStatus(msgspec.Struct, frozen=True, rename="camel"):
    last_status_time: Moment
    roaming: bool
    country_name: tuple[str, ...] = ()


class NetworkType(msgspec.Struct, frozen=True, rename="camel"):
    last_status_time: Moment
    connected_network_type: str


class Point(msgspec.Struct, frozen=True):
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Circle(msgspec.Struct, frozen=True, tag_field="areaType", tag="CIRCLE"):
    center: Point
    radius: Annotated[float, msgspec.Meta(ge=0)]


class Polygon(msgspec.Struct, frozen=True, tag_field="areaType", tag="POLYGON"):
    boundary: Annotated[list[Point], msgspec.Meta(min_length=3, max_length=15)]


class LocationAnswer(msgspec.Struct, frozen=True, rename="camel"):
    last_location_time: Moment
    area: Circle | Polygon


ForwardingSignal = Annotated[
    list[
        Literal["inactive", "unconditional", "conditional_busy", "conditional_not_reachable", "conditional_no_answer"]
    ],
    msgspec.Meta(min_length=1),
]
_FORWARDINGS: tuple[tuple[str, ForwardingKind], ...] = (
    ("unconditional", "unconditional"),
    ("conditional_busy", "busy"),
    ("conditional_no_answer", "no-answer"),
    ("conditional_not_reachable", "not-reachable"),
)
"""Of several the one that catches more calls counts."""


def roaming(abroad: bool, country_name: Sequence[str]) -> Roaming:
    """A country code of several countries, such as the one of the Caribbean, names the first."""
    country = country_name[0].upper() if country_name else ""
    return Roaming(abroad, country if len(country) == 2 else "")


def forwarding(signal: Sequence[str]) -> Forwarding:
    return Forwarding(next((kind for name, kind in _FORWARDINGS if name in signal), "none"))


def attached(network_type: str) -> bool | None:
    """Whether the device has data, where the operator knows its network."""
    return None if network_type == "UNKNOWN" else True


def location(area: Circle | Polygon) -> Location:
    """The circle around an area, in degrees and metres."""
    if isinstance(area, Circle):
        return Location(area.center.latitude, area.center.longitude, area.radius)
    latitude = sum(point.latitude for point in area.boundary) / len(area.boundary)
    # Around a point of the boundary, so that areas across the 180th meridian have their middle there.
    origin = area.boundary[0].longitude
    offsets = [(point.longitude - origin + 180) % 360 - 180 for point in area.boundary]
    longitude = (origin + sum(offsets) / len(offsets) + 180) % 360 - 180
    middle = Point(latitude, longitude)
    return Location(latitude, longitude, max(_metres(middle, point) for point in area.boundary))


def _metres(one: Point, other: Point) -> float:
    """The distance on a sphere of the earth's mean radius."""
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    half_width = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half_width) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(chord)))

"""Points of WGS84 as degrees and as UTM: zone, easting and northing in metres.

By Krüger's series of the transverse Mercator projection to the third power of the flattening, as in Karney, "Transverse
Mercator with an accuracy of a few nanometers" (2011), §2; it errs by less than a millimetre within a zone.
"""

import math
import re
from typing import Final

import msgspec

_SCALE: Final = 0.9996
_FALSE_EASTING: Final = 500_000.0
_FALSE_NORTHING: Final = 10_000_000.0
"""Added to northings south of the equator."""
_FLATTENING: Final = 1 / 298.257223563
_N: Final = _FLATTENING / (2 - _FLATTENING)
_E: Final = math.sqrt(_FLATTENING * (2 - _FLATTENING))
_RADIUS: Final = 6_378_137.0 / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA: Final = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16,
    13 * _N**2 / 48 - 3 * _N**3 / 5,
    61 * _N**3 / 240,
)
_BETA: Final = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96,
    _N**2 / 48 + _N**3 / 15,
    17 * _N**3 / 480,
)
_BANDS: Final = "CDEFGHJKLMNPQRSTUVWX"
_ZONE: Final = re.compile(r"0?([1-9]|[1-5][0-9]|60) ?([C-HJ-NP-X])", re.IGNORECASE)


class Utm(msgspec.Struct, frozen=True):
    """A point on the UTM grid; `zone` is number and latitude band, such as `32V`."""

    zone: str
    easting: float
    northing: float


class NoSuchPoint(ValueError):
    """The text says what is wrong with a point."""


def utm_of(latitude: float, longitude: float) -> Utm:
    """The UTM point of degrees between 80 south and 84 north. Raises NoSuchPoint."""
    if not -80 <= latitude <= 84:
        raise NoSuchPoint(f"latitude {latitude}: UTM covers -80 to 84")
    number = _zone_number(latitude, longitude)
    band = _BANDS[min(int((latitude + 80) // 8), 19)]
    phi, lam = math.radians(latitude), math.radians(longitude - (number * 6 - 183))
    t = math.sinh(math.atanh(math.sin(phi)) - _E * math.atanh(_E * math.sin(phi)))
    xi, eta = math.atan2(t, math.cos(lam)), math.asinh(math.sin(lam) / math.hypot(t, math.cos(lam)))
    terms = list(enumerate(_ALPHA, start=1))
    east = eta + sum(a * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, a in terms)
    north = xi + sum(a * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, a in terms)
    return Utm(
        f"{number}{band}",
        _FALSE_EASTING + _SCALE * _RADIUS * east,
        (0.0 if band >= "N" else _FALSE_NORTHING) + _SCALE * _RADIUS * north,
    )


def degrees_of(point: Utm) -> tuple[float, float]:
    """Latitude and longitude of a UTM point. Raises NoSuchPoint."""
    match = _ZONE.fullmatch(point.zone.strip())
    if match is None:
        raise NoSuchPoint(f"zone {point.zone!r}: expected a number from 1 to 60 and a latitude band, such as 32V")
    if not 100_000 <= point.easting <= 900_000 or not -0.5 <= point.northing <= 10_000_000.5:
        raise NoSuchPoint(f"easting {point.easting:g}, northing {point.northing:g}: expected metres within the zone")
    south = match[2].upper() < "N"
    xi = (point.northing - (_FALSE_NORTHING if south else 0.0)) / (_SCALE * _RADIUS)
    eta = (point.easting - _FALSE_EASTING) / (_SCALE * _RADIUS)
    terms = list(enumerate(_BETA, start=1))
    xi_ = xi - sum(b * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, b in terms)
    eta_ = eta - sum(b * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, b in terms)
    tangent = math.sin(xi_) / math.hypot(math.sinh(eta_), math.cos(xi_))
    latitude = _geographic(tangent)
    longitude = int(match[1]) * 6 - 183 + math.degrees(math.atan2(math.sinh(eta_), math.cos(xi_)))
    return math.degrees(latitude), longitude


def _geographic(conformal: float) -> float:
    """The latitude whose conformal latitude has this tangent, by Newton's method (Karney, equations 19 to 21)."""
    tau = conformal
    for _ in range(5):
        root = math.hypot(1.0, tau)
        sigma = math.sinh(_E * math.atanh(_E * tau / root))
        found = tau * math.hypot(1.0, sigma) - sigma * root
        step = (conformal - found) / math.hypot(1.0, found)
        tau += step * (1 + (1 - _E**2) * tau**2) / ((1 - _E**2) * root)
    return math.atan(tau)


def _zone_number(latitude: float, longitude: float) -> int:
    """The zone, with the exceptions of south-western Norway and of Svalbard."""
    longitude = (longitude + 180) % 360 - 180
    if 56 <= latitude < 64 and 3 <= longitude < 12:
        return 32
    if latitude >= 72 and 0 <= longitude < 42:
        return 31 + 2 * int((longitude + 3) // 12)
    return int((longitude + 180) // 6) + 1

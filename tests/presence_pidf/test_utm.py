"""Degrees to UTM and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.utm import NoSuchPoint, Utm, degrees_of, utm_of


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone", "easting", "northing"),
    [
        (59.9139, 10.7522, "32V", 597_980, 6_643_119),
        (-33.8688, 151.2093, "56H", 334_369, 6_250_948),
        (0.0, 3.0, "31N", 500_000, 0),
    ],
)
def test_known_points_are_where_maps_have_them(
    latitude: float, longitude: float, zone: str, easting: float, northing: float
) -> None:
    point = utm_of(latitude, longitude)
    assert point.zone == zone
    assert (point.easting, point.northing) == pytest.approx((easting, northing), abs=1.0)


@pytest.mark.parametrize(("latitude", "longitude", "zone"), [(60.39, 5.32, "32V"), (78.22, 15.63, "33X")])
def test_south_western_norway_and_svalbard_have_zones_of_their_own(
    latitude: float, longitude: float, zone: str
) -> None:
    assert utm_of(latitude, longitude).zone == zone


@given(st.floats(-80, 84), st.floats(-180, 180, exclude_max=True))
def test_there_and_back_is_the_same_point(latitude: float, longitude: float) -> None:
    again = degrees_of(utm_of(latitude, longitude))
    assert again[0] == pytest.approx(latitude, abs=1e-8)
    assert (again[1] - longitude + 180) % 360 - 180 == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("point", [Utm("61V", 5e5, 1e6), Utm("V", 5e5, 1e6), Utm("32V", 5.0, 1e6), Utm("32V", 5e5, -1)])
def test_what_is_no_point_is_refused(point: Utm) -> None:
    with pytest.raises(NoSuchPoint):
        degrees_of(point)


def test_the_poles_have_no_utm() -> None:
    with pytest.raises(NoSuchPoint):
        utm_of(85.0, 0.0)

"""Options of all tests, and how hypothesis runs in them."""

import pytest
from hypothesis import HealthCheck, settings

# How fast an example runs says something of the machine, not of the code.
settings.register_profile("lampfield", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lampfield")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-scale",
        type=float,
        default=1.0,
        help="how much to fuzz: 1 is 20,000 datagrams and 2,000 streams",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fuzz_seed" in metafunc.fixturenames:
        scale = metafunc.config.getoption("--fuzz-scale")
        metafunc.parametrize("fuzz_seed", range(max(1, round(20 * scale))))

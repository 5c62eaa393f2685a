"""Options of all tests, how hypothesis runs in them, and where they put things aside."""

import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How fast an example runs says something of the machine, not of the code. Whether the tests pass says something of the
# code alone, so the examples are the same each time; `make explore` looks for others.
EXPLORE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", EXPLORE)
settings.register_profile("lampfield", EXPLORE, derandomize=True)
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


@pytest.fixture(scope="session", autouse=True)
def put_aside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests and their children put aside goes where pytest clears up, also what a killed phone has left."""
    folder = str(tmp_path_factory.mktemp("aside"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield

"""Options of all tests."""

import pytest


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

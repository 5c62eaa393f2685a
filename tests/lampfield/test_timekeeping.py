"""What is said of a machine's clock that was set, or that stood still."""

import pytest

from lampfield.timekeeping import Timekeeping
from tests.sipcore.io.test_clock import Machine


def kept(machine: Machine) -> Timekeeping:
    return Timekeeping(machine.clock(), 1.0)


def test_a_machine_that_stood_still_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    keeping = kept(machine)
    keeping.advance()
    machine.ahead = 30.0
    for _ in range(700):
        machine.real += 1.0
        keeping.advance()
    assert caplog.messages == ["the machine's clock went ahead by 30 s: made good within 11 minutes"]
    machine.ahead += 2.0
    keeping.advance()
    assert len(caplog.messages) == 2


def test_a_clock_that_was_set_back_is_told_of_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    keeping = kept(machine)
    machine.ahead = -3600.0
    for _ in range(5):
        machine.real += 1.0
        keeping.advance()
    (message,) = caplog.messages
    assert message.startswith("the machine's clock went back by 3600 s")
    assert message.endswith("until the server is started again")

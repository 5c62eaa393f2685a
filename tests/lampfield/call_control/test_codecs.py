"""Two legs end on one codec that the relay can join."""

import pytest

from lampfield.call_control.codecs import common, joinable, offered_to_callee


@pytest.mark.parametrize(
    ("of_caller", "current", "offered"),
    [
        (["G722", "PCMA", "PCMU"], None, ["G722", "PCMA", "PCMU"]),
        (["PCMU"], None, ["PCMU", "PCMA"]),
        (["G722"], None, ["G722"]),
        (["PCMU", "G722", "PCMA"], "PCMA", ["PCMA", "PCMU", "G722"]),
        (["PCMA", "OPUS"], None, ["PCMA", "PCMU"]),
    ],
)
def test_the_callee_is_offered_what_the_caller_can_follow(
    of_caller: list[str], current: str | None, offered: list[str]
) -> None:
    assert offered_to_callee(of_caller, current) == offered


def test_either_g711_law_joins_the_other_and_g722_only_itself() -> None:
    assert joinable("PCMA", "PCMU")
    assert joinable("G722", "G722")
    assert not joinable("G722", "PCMA")


def test_a_phone_is_asked_for_the_codec_of_its_peer_or_one_that_joins_it() -> None:
    assert common("PCMA", ["G722", "PCMU", "PCMA"]) == "PCMA"
    assert common("PCMA", ["G722", "PCMU"]) == "PCMU"
    assert common("G722", ["PCMA"]) is None

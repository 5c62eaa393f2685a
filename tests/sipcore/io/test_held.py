"""What connections hold together has an end, and those go that hold the most."""

from sipcore.io.held import HeldBytes


def test_nobody_goes_while_there_is_room() -> None:
    held: HeldBytes[str] = HeldBytes(100)
    assert [held.hold(name, 25) for name in "abcd"] == [[], [], [], []]
    assert held.hold("a", 0) == []
    assert held.hold("e", 25) == []


def test_those_who_hold_the_most_go_until_a_quarter_is_free() -> None:
    held: HeldBytes[str] = HeldBytes(100)
    for name, size in (("a", 5), ("b", 40), ("c", 20), ("d", 30)):
        assert held.hold(name, size) == []
    assert held.hold("e", 10) == ["b"]
    held.let_go("b")
    assert held.hold("d", 66) == ["d"]
    held.let_go("d")
    assert held.hold("f", 65) == []
    assert held.hold("f", 66) == ["f"]


def test_what_has_gone_counts_no_more() -> None:
    held: HeldBytes[str] = HeldBytes(100)
    for name in "abc":
        held.hold(name, 90)
        held.let_go(name)
    held.let_go("stranger")
    assert held.hold("d", 100) == []

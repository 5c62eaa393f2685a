"""The order of music: random, nothing twice before all were heard, nothing twice in a row, changes at the next file."""

import itertools
import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lampfield.sound_library.rotation import Rotation

FILES = [Path(f"{name}.wav") for name in "abcdefghij"]


@given(st.integers(2, 10), st.integers(0, 10_000), st.integers(1, 5))
def test_each_round_holds_every_file_once_and_no_file_comes_twice_in_a_row(count: int, seed: int, rounds: int) -> None:
    files, rotation = FILES[:count], Rotation(random.Random(seed))
    played = [rotation.next(files) for _ in range(count * rounds)]
    for begin in range(0, len(played), count):
        assert set(played[begin : begin + count]) == set(files)
    assert all(before != after for before, after in itertools.pairwise(played))


def test_the_order_is_not_always_the_same() -> None:
    orders = {tuple(map(Rotation(random.Random(seed)).next, [FILES] * len(FILES))) for seed in range(20)}
    assert len(orders) > 15
    assert len({order[0] for order in orders}) > 3


def test_a_single_file_plays_again_and_no_file_is_none() -> None:
    rotation = Rotation(random.Random(1))
    assert [rotation.next(FILES[:1]) for _ in range(3)] == FILES[:1] * 3
    assert rotation.next([]) is None


@given(st.lists(st.sets(st.sampled_from(FILES), min_size=2), min_size=2, max_size=20), st.integers(0, 10_000))
def test_what_plays_is_always_of_the_list_as_it_is_and_never_what_just_played(
    lists: list[set[Path]], seed: int
) -> None:
    rotation, last = Rotation(random.Random(seed)), None
    for files in lists:
        chosen = rotation.next(sorted(files))
        assert chosen in files
        assert chosen != last
        last = chosen

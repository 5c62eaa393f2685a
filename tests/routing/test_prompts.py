"""How the caller's position is said."""

import pytest

from routing.prompts import position_prompts


@pytest.mark.parametrize(
    ("position", "said"),
    [
        (1, ["position/1"]),
        (50, ["position/50"]),
        (51, ["position/number", "number/51"]),
        (200, ["position/number", "number/200"]),
        (999, ["position/number", "hundreds/9", "number/99"]),
        (1000, ["position/many"]),
    ],
)
def test_every_position_to_999_is_said(position: int, said: list[str]) -> None:
    assert position_prompts(position) == said

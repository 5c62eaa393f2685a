"""What is wrong is told in one line, whatever the file holds."""

import pytest

from provisioning.problems import joined, written


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([{"\n": "hangup"}], '[{"\\n" = "hangup"}]'),
        ({"a b": True, "bare-key": 2.0}, '{"a b" = true, bare-key = 2}'),
        ("two\u2028lines", '"two\\U00002028lines"'),
        ("Sørensen", '"Sørensen"'),
    ],
)
def test_a_value_stands_on_one_line(value: object, shown: str) -> None:
    assert written(value) == shown


def test_a_key_stands_on_one_line() -> None:
    assert joined("people", "a\x85b") == 'people."a\\U00000085b"'

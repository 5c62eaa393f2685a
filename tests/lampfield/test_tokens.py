"""Tags, branches, Call-IDs and call ids."""

from lampfield.tokens import DRAWN_AT_ONCE, Tokens


def test_every_token_is_another_one_of_80_bits() -> None:
    tokens = Tokens()
    given = [tokens() for _ in range(3 * DRAWN_AT_ONCE)]
    assert len(set(given)) == len(given)
    assert {len(bytes.fromhex(token)) for token in given} == {10}

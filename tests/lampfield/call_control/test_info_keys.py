"""Keys come in SIP INFO in the forms that phones use."""

import pytest

from lampfield.call_control.info_keys import keys_of_info


@pytest.mark.parametrize(
    ("content_type", "body", "keys"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Signal= *\r\nDuration= 250", "*"),
        ("application/dtmf-relay", b"signal=11\r\n", "#"),
        ("application/dtmf", b"7", "7"),
        ("application/dtmf", b" 10 \r\n", "*"),
        ("application/dtmf", b"d", "D"),
        ("application/dtmf-relay", b"Duration=160\r\n", ""),
        ("application/dtmf", b"nonsense", ""),
        ("application/dtmf", b"\xff\xfe", ""),
        ("text/plain", b"5", ""),
    ],
)
def test_the_key_is_found(content_type: str, body: bytes, keys: str) -> None:
    assert keys_of_info(content_type, body) == keys

"""Whatever callers are called and say, the database takes their messages: one that it refuses would hold up all."""

import msgspec
from sqlalchemy import Engine

from lampfield.voicemail.table import read_messages, write_messages
from routing.voicemail.postbox import Message
from tests.support.databases import engine, postgres, url

__all__ = ["engine", "postgres", "url"]

PLAIN = Message("aa11", "nordlys", "anna", "call-1", 1_800_000_000.0, "+4540404040", "Kim", 83.0, text="Ring mig.")


def test_what_a_database_cannot_hold_is_left_out_of_a_message(engine: Engine) -> None:
    odd = msgspec.structs.replace(
        PLAIN, id="bb22", caller_number="4" * 300, caller_name="Ki\0m" + "x" * 300, text="Ring\0 \udcfc mig."
    )
    write_messages(engine, [PLAIN, odd])
    plain, read = read_messages(engine)
    assert plain == PLAIN
    assert read == msgspec.structs.replace(
        odd, caller_number="4" * 255, caller_name="Kim" + "x" * 252, text="Ring ? mig."
    )

"""The command line talks to the running server by a Unix socket."""

import asyncio
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lampfield.control_socket import BACKLOG, ControlServer, Outbox, converse, first_answer


async def count(arguments: dict[str, str], outbox: Outbox) -> None:
    for number in range(int(arguments["to"])):
        outbox.put(number)


async def for_ever(arguments: dict[str, str], outbox: Outbox) -> None:
    outbox.put("first")
    await asyncio.get_running_loop().create_future()


async def tell(arguments: dict[str, str], outbox: Outbox) -> None:
    outbox.put({"told": arguments["text"] * int(arguments["times"]) + "\udcfc"})


def ask(folder: Path, verb: str, arguments: dict[str, str], most: int = 10_000) -> list[Any]:
    async def conversation() -> list[Any]:
        server = ControlServer(folder / "control.sock", {"count": count, "ever": for_ever, "tell": tell})
        await server.start()
        answers: list[Any] = []
        async with asyncio.timeout(10):
            async for answer in converse(folder / "control.sock", verb, arguments):
                answers.append(answer)
                if len(answers) == most:
                    break
        await server.stop()
        return answers

    return asyncio.run(conversation())


def test_answers_come_line_by_line_until_the_verb_has_ended(tmp_path: Path) -> None:
    assert ask(tmp_path, "count", {"to": "5"}) == [0, 1, 2, 3, 4]


def test_an_answer_may_be_long_and_hold_what_is_no_text(tmp_path: Path) -> None:
    assert ask(tmp_path, "tell", {"text": "Anna Lindqvist ", "times": "200000"}) == [
        {"told": "Anna Lindqvist " * 200_000 + "?"}
    ]


def test_an_endless_verb_is_followed_as_long_as_the_client_stays(tmp_path: Path) -> None:
    assert ask(tmp_path, "ever", {}, most=1) == ["first"]


def test_a_stop_while_somebody_follows_is_no_error(tmp_path: Path) -> None:
    complaints: list[dict[str, Any]] = []

    async def followed() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
        server = ControlServer(tmp_path / "control.sock", {"ever": for_ever})
        await server.start()
        answers = converse(tmp_path / "control.sock", "ever")
        assert await anext(answers) == "first"
        await server.stop()

    asyncio.run(followed())
    assert complaints == []


def test_a_server_that_goes_away_before_it_has_answered_is_as_one_that_does_not_run(tmp_path: Path) -> None:
    async def asked() -> None:
        async def fall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.close()

        async with await asyncio.start_unix_server(fall, tmp_path / "control.sock"):
            with pytest.raises(OSError, match="has not answered"):
                await first_answer(tmp_path / "control.sock", "reload")

    asyncio.run(asked())


def test_an_unknown_verb_is_told_which_ones_there_are(tmp_path: Path) -> None:
    assert ask(tmp_path, "dance", {}) == [{"error": "verb = 'dance': expected one of count, ever, tell"}]


def test_a_request_may_be_as_long_as_what_programs_may_name(tmp_path: Path) -> None:
    assert ask(tmp_path, "count", {"to": "1", "person": "\0" * 65_536}) == [0]


def test_a_request_that_is_too_long_is_no_fault_of_the_server(tmp_path: Path) -> None:
    complaints: list[dict[str, Any]] = []

    async def asked() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
        server = ControlServer(tmp_path / "control.sock", {"count": count})
        await server.start()
        with suppress(OSError):  # it is closed while much of it is still to be read
            answer = await first_answer(tmp_path / "control.sock", "count", {"to": "x" * 2_000_000})
            assert "at most" in answer["error"]
        assert await first_answer(tmp_path / "control.sock", "count", {"to": "1"}) == 0
        await server.stop()

    asyncio.run(asked())
    assert complaints == []


def test_a_slow_reader_loses_the_oldest_lines_and_holds_nobody_up(tmp_path: Path) -> None:
    answers = ask(tmp_path, "count", {"to": str(BACKLOG + 100)})
    assert answers[-1] == BACKLOG + 99
    assert len(answers) <= BACKLOG


def test_only_the_user_that_runs_the_server_may_open_the_socket(tmp_path: Path) -> None:
    async def mode() -> int:
        server = ControlServer(tmp_path / "control.sock", {})
        await server.start()
        found = stat.S_IMODE((tmp_path / "control.sock").stat().st_mode)
        await server.stop()
        return found

    assert asyncio.run(mode()) == 0o600

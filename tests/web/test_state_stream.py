"""Who follows is told all that changes, at their own pace, and nobody waits for anybody else."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing

import msgspec
import pytest

from provisioning.tokens import SCOPES
from tests.support.virtual_time import now, run
from tests.web.told import told
from web.state_board import StateBoard
from web.state_boards import StateBoards
from web.state_stream import BEAT_SECONDS, Part, all_lines, follow
from web.state_view import View
from web.told_state import Everybody, States

EVERYTHING = View("crm", ("states", "reasons", "mobile", "forwarding"))


async def welcome() -> bool:
    return True


async def unwelcome() -> bool:
    return False


def boards_of(people: Iterable[str]) -> StateBoards:
    people = tuple(people)
    boards = StateBoards(now)
    boards.take(States("nordlys", tuple(map(told, people))))
    boards.take(Everybody({"nordlys": people}))
    return boards


def told_in(part: Part) -> list[tuple[str, str]]:
    return [(change.state.person, change.state.condition) for change in part.changes if change.state is not None]


def test_a_follower_is_told_everything_and_then_each_change() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna", "bo"])
        async with aclosing(follow(boards, boards.of("nordlys"), EVERYTHING, 0, 0, welcome)) as parts:
            assert told_in(await anext(parts)) == [("anna", "idle"), ("bo", "idle")]
            waiting = asyncio.ensure_future(anext(parts))
            await asyncio.sleep(1)
            boards.take(States("nordlys", (told("bo", "talking"),)))
            assert told_in(await waiting) == [("bo", "talking")]

    run(scenario())


def test_a_slow_follower_is_told_the_last_state_and_holds_up_nobody() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna"])
        board = boards.of("nordlys")
        async with (
            aclosing(follow(boards, board, EVERYTHING, board.sequence, 0, welcome)) as slow,
            aclosing(follow(boards, board, EVERYTHING, board.sequence, 0, welcome)) as quick,
        ):
            for turn in range(100):
                boards.take(States("nordlys", (told("anna", f"turn {turn}"),)))
                assert told_in(await anext(quick)) == [("anna", f"turn {turn}")]
            assert told_in(await anext(slow)) == [("anna", "turn 99")]

    run(scenario())


def test_a_sampling_rate_holds_changes_back_and_tells_the_last() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna"])
        board = boards.of("nordlys")
        async with aclosing(follow(boards, board, EVERYTHING, 0, 60, welcome)) as parts:
            await anext(parts)
            begin = now()
            boards.take(States("nordlys", (told("anna", "talking"),)))
            beats = [await anext(parts) for _ in range(4)]
            assert beats == [Part()] * 4
            assert told_in(await anext(parts)) == [("anna", "talking")]
            assert now() - begin == 60

    run(scenario())


def test_who_is_too_far_behind_is_told_to_forget_and_then_everything() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna"])
        async with aclosing(follow(boards, boards.of("nordlys"), EVERYTHING, 1, 0, welcome)) as parts:
            assert await anext(parts) == Part(reset=True)
            assert told_in(await anext(parts)) == [("anna", "idle")]

    run(scenario())


def test_silence_is_filled_with_beats_until_the_token_is_revoked() -> None:
    async def scenario() -> None:
        boards = boards_of([])
        begin = now()
        async with aclosing(follow(boards, boards.of("nordlys"), EVERYTHING, 0, 0, welcome)) as parts:
            assert await anext(parts) == Part()
            assert now() - begin == BEAT_SECONDS
        assert [part async for part in follow(boards, boards.of("nordlys"), EVERYTHING, 0, 0, unwelcome)] == []

    run(scenario())


def test_all_who_follow_are_let_go_when_the_process_ends() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna"])
        parts = follow(boards, boards.of("nordlys"), EVERYTHING, 0, 0, welcome)
        await anext(parts)
        ended = asyncio.ensure_future(anext(parts, None))
        await asyncio.sleep(0)
        boards.close()
        assert await ended is None

    run(scenario())


def test_everybody_comes_line_by_line_with_the_number_to_go_on_from() -> None:
    async def scenario() -> list[bytes]:
        boards = boards_of(f"p{number}" for number in range(1200))
        return [part async for part in all_lines(boards.of("nordlys"), EVERYTHING)]

    parts = run(scenario())
    lines = [msgspec.json.decode(line) for line in b"".join(parts).splitlines()]
    assert len(parts) == 4
    assert [line["person"] for line in lines[:-1]] == [f"p{number}" for number in range(1200)]
    assert lines[-1]["sequence"] == max(line["sequence"] for line in lines)


def test_boards_keep_what_is_known_while_signalling_is_away_and_compare_when_it_is_back() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna", "bo"])
        board = boards.of("nordlys")
        boards.away()
        assert not boards.live
        known = board.sequence
        boards.take(States("nordlys", (told("anna"),)))
        boards.take(Everybody({"nordlys": ("anna",)}))
        assert boards.live
        assert [(each.key, each.state) for each in board.after(known, 10)] == [("bo", None)]

    run(scenario())


def test_beats_come_though_others_change_or_changes_are_held_back() -> None:
    async def scenario(every: float, person: str) -> list[float]:
        boards = boards_of(["anna", "bo"])
        board = boards.of("nordlys")
        view = View("crm", SCOPES, [person])

        async def change() -> None:
            for turn in range(100):
                await asyncio.sleep(4)
                boards.take(States("nordlys", (told("bo", f"turn {turn}"),)))

        changing = asyncio.ensure_future(change())
        begin = now()
        beats: list[float] = []
        async with aclosing(follow(boards, board, view, board.sequence, every, welcome)) as parts:
            while len(beats) < 3:
                if not (await anext(parts)).changes:
                    beats.append(now() - begin)
        changing.cancel()
        return beats

    due = [BEAT_SECONDS, 2 * BEAT_SECONDS, 3 * BEAT_SECONDS]
    assert run(scenario(0, "anna")) == due, "nothing is told of whom the client has not asked for"
    assert run(scenario(3600, "bo")) == due
    assert run(scenario(0, "bo")) == due


@pytest.mark.parametrize("every", [0, 3600])
def test_a_revoked_token_ends_what_never_falls_silent(every: float) -> None:
    async def scenario() -> None:
        boards = boards_of(["bo"])
        begin = now()

        async def change() -> None:
            for turn in range(100):
                await asyncio.sleep(4)
                boards.take(States("nordlys", (told("bo", f"turn {turn}"),)))

        changing = asyncio.ensure_future(change())
        async for part in follow(boards, boards.of("nordlys"), EVERYTHING, 0, every, unwelcome):
            assert part.changes
        assert now() - begin == BEAT_SECONDS
        changing.cancel()

    run(scenario())


def test_what_is_held_back_ends_with_the_process_too() -> None:
    async def scenario() -> None:
        boards = boards_of(["anna"])
        parts = follow(boards, boards.of("nordlys"), EVERYTHING, 0, 3600, welcome)
        await anext(parts)
        ended = asyncio.ensure_future(anext(parts, None))
        await asyncio.sleep(1)
        begin = now()
        boards.close()
        assert await ended is None
        assert now() - begin < 1

    run(scenario())


def test_who_is_told_now_and_then_is_not_woken_by_each_change_but_when_the_server_stops() -> None:
    class Counted(StateBoard):
        waits = 0

        async def changed(self, sequence: int) -> None:
            self.waits += 1
            await super().changed(sequence)

    async def scenario() -> None:
        boards, board = boards_of([]), Counted(1)
        board.show([told("anna")])

        async def change() -> None:
            for turn in range(50):
                await asyncio.sleep(0.1)
                board.show([told("anna", f"turn {turn}")])
            boards.close()

        changing = asyncio.ensure_future(change())
        begin = now()
        parts = [part async for part in follow(boards, board, EVERYTHING, 0, 3600, welcome)]
        assert [told_in(part) for part in parts] == [[("anna", "idle")]]
        assert now() - begin == pytest.approx(5.0)
        assert board.waits == 0
        await changing

    run(scenario())

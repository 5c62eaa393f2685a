"""Texts from an SMS gateway, in each form in which gateways send them."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from status_adapters.adapter import Watched
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.text.adapter import TextGateway
from status_adapters.text.settings import TextSettings
from tests.support.adapter_bench import Book, means, running
from tests.support.virtual_time import START, now, run

ANNA = Watched("sip:anna@nordlys.example", numbers=("+4540506070",), time_zone="Europe/Copenhagen", language="da")
TWIN = Watched("sip:bjorn@nordlys.example", numbers=("+4740506070",))
TOKEN = {"authorization": "Bearer sesame"}


def ask(
    query: Mapping[str, str] | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] = TOKEN,
    people: tuple[Watched, ...] = (ANNA,),
) -> tuple[HookAnswer, Book]:
    async def scenario() -> tuple[HookAnswer, Book]:
        gateway = TextGateway("sms", TextSettings("s"), means({"s": "sesame"}))
        gateway.watch(people)
        async with running(gateway) as book:
            await book.until(lambda: book.log_ins > 0)
            return await gateway.hooked(HookRequest("POST", headers, body, now(), query or {})), book

    return run(scenario())


TEXT = {"from": "+4540506070", "text": "frokost til 12:30"}


@pytest.mark.parametrize(
    ("query", "body", "headers"),
    [
        (TEXT, b"", TOKEN),
        ({**TEXT, "token": "sesame"}, b"", {}),
        ({**TEXT, "from": " 4540506070"}, b"", TOKEN),
        ({}, urlencode(TEXT).encode(), TOKEN),
        (
            {},
            b'{"from": "40506070", "text": "frokost til 12:30"}',
            {**TOKEN, "content-type": "application/json"},
        ),
    ],
)
def test_a_text_sets_the_senders_status(query: Mapping[str, str], body: bytes, headers: Mapping[str, str]) -> None:
    answer, book = ask(query, body, headers)
    assert (answer.status, answer.text) == (200, "You are shown as: frokost til 12:30")
    report = book.last(ANNA.presentity)
    assert (report.activity, report.back_at) == ("away", START + 90 * 60), "11:00 on the company's clock"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({**TEXT, "text": "banana"}, 200, "Write one of"),
        ({**TEXT, "from": "+4511111111"}, 200, "nobody's here"),
        ({}, 200, "nobody's here"),
    ],
)
def test_what_is_not_understood_is_answered_to_who_wrote_it(query: Mapping[str, str], status: int, said: str) -> None:
    answer, book = ask(query)
    assert answer.status == status
    assert said in answer.text
    assert book.passed_over
    assert not book.reports


def test_a_wrong_secret_is_refused() -> None:
    answer, book = ask(TEXT, headers={"authorization": "Bearer guess"})
    assert answer.status == 401
    assert not book.reports


def test_a_number_of_two_people_sets_nobodys_status() -> None:
    answer, book = ask({**TEXT, "from": "40506070"}, people=(ANNA, TWIN))
    assert "several people" in answer.text
    assert [what for what, _ in book.passed_over] == ["ambiguous"]


@pytest.mark.parametrize("body", [b"[1]", b"\xff\xfe{", b'{"from": 1}'])
def test_garbage_is_refused(body: bytes) -> None:
    answer, _ = ask(body=body, headers={**TOKEN, "content-type": "application/json"})
    assert answer.status == 400

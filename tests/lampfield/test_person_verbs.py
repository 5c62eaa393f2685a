"""What programs and commands are told of people's wishes, and how they change them."""

import asyncio
from typing import Any

import pytest

from lampfield.person_verbs import PersonVerbs
from routing.forwarding import CONTENT, Forwarding, Wishes
from routing.house import House
from routing.model import Destination, VoicemailBox
from tests.routing.nordlys import company
from tests.routing.test_forwarding import Book
from tests.support.watched_house import WatchedHouse

NORDLYS = company(boxes={"anna": VoicemailBox("anna")})
BO = Destination("person", "bo")


class Houses:
    """Nordlys alone."""

    def __init__(self) -> None:
        self.book = Book({})
        self.house = House(NORDLYS, {}, lambda event: None, lambda: 1000.0, wishes=self.book)

    def of_company(self, company: str) -> House | None:
        return self.house if company == "nordlys" else None


class Outbox:
    def __init__(self) -> None:
        self.lines: list[Any] = []

    def put(self, line: Any) -> None:
        self.lines.append(line)


@pytest.fixture
def houses() -> Houses:
    return Houses()


def asked(houses: Houses, verb: str, **arguments: str) -> Any:
    verbs = PersonVerbs(houses, WatchedHouse(NORDLYS).lamps).table()  # type: ignore[arg-type]
    outbox = Outbox()
    asyncio.run(verbs[verb]({"company": "nordlys", **arguments}, outbox))  # type: ignore[arg-type]
    (answer,) = outbox.lines
    return answer


def test_everybody_is_told_with_what_they_want(houses: Houses) -> None:
    houses.book.wishes["anna"] = Wishes(True, {"no-answer": Forwarding(BO, on=False)})
    told = asked(houses, "api-people")
    assert [person["person"] for person in told] == ["anna", "bo", "carl", "dora"]
    assert told[0] == {
        "person": "anna",
        "name": "Anna Holm",
        "extension": "201",
        "state": "unregistered",
        "do_not_disturb": True,
        "forwardings": [{"when": "no-answer", "on": False, "to": "202", "destination": "person:bo", "seconds": 20.0}],
    }
    assert asked(houses, "api-person", person="201") == told[0]


def test_do_not_disturb_is_turned(houses: Houses) -> None:
    assert asked(houses, "api-do-not-disturb", person="anna", on="true")["do_not_disturb"] is True
    assert houses.book.of("anna") == Wishes(True)
    asked(houses, "api-do-not-disturb", person="201", on="false")
    assert houses.book.of("anna") == CONTENT


def test_a_forwarding_is_set_turned_off_and_on_again(houses: Houses) -> None:
    asked(houses, "api-forwarding", person="anna", when="no-answer", on="true", to="202", seconds="25")
    assert houses.book.of("anna").forwardings == {"no-answer": Forwarding(BO, True, 25.0)}
    asked(houses, "api-forwarding", person="anna", when="no-answer", on="false")
    assert houses.book.of("anna").forwardings == {"no-answer": Forwarding(BO, False, 25.0)}
    asked(houses, "api-forwarding", person="anna", when="no-answer", on="true", to="*98")
    assert houses.book.of("anna").forwardings == {"no-answer": Forwarding(Destination("voicemail", "anna"), True, 25.0)}
    asked(houses, "api-forwarding", person="bo", when="always", on="false")
    assert houses.book.of("bo") == CONTENT, "what was never set can be turned off"


@pytest.mark.parametrize(
    ("verb", "arguments", "status", "where", "expected"),
    [
        ("api-person", {"person": "eve"}, 404, "person", "one of anna, bo, carl, dora"),
        ("api-person", {"company": "other", "person": "anna"}, 404, "company", "one that the server has"),
        ("api-do-not-disturb", {"person": "anna", "on": "perhaps"}, 422, "on", "true or false"),
        ("api-forwarding", {"person": "anna", "when": "never", "on": "true"}, 404, "when", "one of always, busy"),
        ("api-forwarding", {"person": "anna", "when": "busy", "on": "true"}, 422, "to", "an extension, an outside"),
        (
            "api-forwarding",
            {"person": "anna", "when": "busy", "on": "true", "to": "299"},
            422,
            "to",
            "an extension, an outside number",
        ),
        (
            "api-forwarding",
            {"person": "anna", "when": "busy", "on": "true", "to": "90112233"},
            403,
            "to",
            "a number that is neither",
        ),
        (
            "api-forwarding",
            {"person": "anna", "when": "busy", "on": "true", "to": "202", "seconds": "20"},
            422,
            "seconds",
            "none: they count for calls that nobody answers",
        ),
        (
            "api-forwarding",
            {"person": "anna", "when": "no-answer", "on": "true", "to": "202", "seconds": "1000"},
            422,
            "seconds",
            "between 5 and 180",
        ),
    ],
)
def test_what_cannot_be_is_named_with_what_was_expected(
    houses: Houses, verb: str, arguments: dict[str, str], status: int, where: str, expected: str
) -> None:
    refused = asked(houses, verb, **arguments)["refused"]
    assert (refused["status"], refused["where"]) == (status, where)
    assert refused["expected"].startswith(expected)
    assert houses.book.wishes == {}

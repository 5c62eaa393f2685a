"""Publications by the rules of RFC 3903 §6."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response
from sipcore.notify_admission import Durations
from sipcore.publication import CompositorConfig, EventStateCompositor
from sipcore.publication_record import PublicationRecord

ANNA = "sip:anna@nordlys.example"
NOW = 1_700_000_000.0


class Words:
    """A package whose documents are one word."""

    content_types = ("text/word",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.read_so_far = 0

    def reader(self) -> "Words":
        return self

    def read(self, body: bytes, now: float) -> object:
        self.read_so_far += 1
        if not body.isalpha():
            raise ProtocolViolation("Body: no word")
        return body.decode()


class Desk:
    """A compositor, and a publisher who knows what was answered."""

    def __init__(self, config: CompositorConfig | None = None, tokens: str = "t") -> None:
        numbers = count(1)
        self.words = Words("word")
        self.compositor = EventStateCompositor(lambda: f"{tokens}{next(numbers)}", [self.words, Words("other")], config)
        self.now = NOW
        self.cseq = 0

    def publish(
        self,
        body: str = "",
        *,
        match: str | None = None,
        event: str | None = "word",
        resource: str = ANNA,
        **fields: str,
    ) -> Response:
        self.cseq += 1
        request = Request(
            "PUBLISH",
            resource,
            [
                ("Via", f"SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK{self.cseq};rport"),
                ("From", f"<{ANNA}>;tag=1"),
                ("To", f"<{resource}>"),
                ("Call-ID", "c1"),
                ("CSeq", f"{self.cseq} PUBLISH"),
            ],
            body.encode(),
        )
        if event is not None:
            request.add("Event", event)
        if match is not None:
            request.add("SIP-If-Match", match)
        if body:
            fields.setdefault("Content_Type", "text/word")
        for name, value in fields.items():
            request.add(name.replace("_", "-"), value)
        return self.compositor.publish(request, self.now, resource=resource, publisher="phone")

    def told(self) -> list[tuple[str, str]]:
        return [(change.kind, str(change.document)) for change in self.compositor.take_changes()]


def tag(response: Response) -> str:
    assert response.status == 200, response
    (value,) = response.headers("SIP-ETag")
    return value


def test_each_answer_brings_another_entity_tag_and_the_granted_time() -> None:
    desk = Desk()
    first = desk.publish("away", Expires="1800")
    assert first.header("Expires") == "1800"
    second = desk.publish(match=tag(first))
    third = desk.publish("busy", match=tag(second))
    assert len({tag(first), tag(second), tag(third)}) == 3
    assert desk.told() == [("published", "away"), ("refreshed", "away"), ("published", "busy")]
    assert desk.publish(match=tag(third), Expires="0").header("Expires") == "0"
    assert desk.told() == [("removed", "busy")]
    assert desk.compositor.count == 0


def test_an_old_entity_tag_fails_and_changes_nothing() -> None:
    desk = Desk()
    first = desk.publish("away")
    desk.publish("busy", match=tag(first))
    desk.told()
    for match in (tag(first), "nonsense", "t1.", "t1.x", "t1.99999999999999999999"):
        assert desk.publish("gone", match=match).status == 412
        assert desk.publish(match=match, Expires="0").status == 412
    assert desk.told() == []
    assert desk.compositor.count == 1


def test_an_entity_tag_is_good_for_its_own_presentity_and_package_alone() -> None:
    desk = Desk()
    match = tag(desk.publish("away"))
    assert desk.publish("busy", match=match, resource="sip:bo@nordlys.example").status == 412
    assert desk.publish("busy", match=match, event="other").status == 412
    assert desk.publish("busy", match=match).status == 200


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"event": "nonsense"}, 489, ("Allow-Events", "word, other")),
        ({"event": None}, 489, ("Allow-Events", "word, other")),
        ({"Expires": "5"}, 423, ("Min-Expires", "60")),
        ({"Expires": "soon"}, 400, None),
        ({"Content_Type": "text/html"}, 415, ("Accept", "text/word")),
        ({"Content_Encoding": "gzip"}, 415, ("Accept-Encoding", "identity")),
        ({"body": ""}, 400, None),
        ({"body": "two words"}, 400, None),
        ({"match": "a, b"}, 400, None),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_would_do(
    change: dict[str, str], status: int, field: tuple[str, str] | None
) -> None:
    desk = Desk()
    response = desk.publish(**({"body": "away"} | change))
    assert response.status == status
    if field is not None:
        assert response.header(field[0]) == field[1]
    assert desk.told() == []
    assert desk.compositor.count == 0


def test_two_entity_tags_are_malformed() -> None:
    desk = Desk()
    assert desk.publish("away", match=tag(desk.publish("away")), sip_if_match="b").status == 400


def test_a_modification_that_cannot_be_read_leaves_what_was_published() -> None:
    desk = Desk()
    match = tag(desk.publish("away"))
    assert desk.publish("no word", match=match).status == 400
    assert desk.publish("busy", match=match).status == 200


def test_what_is_not_refreshed_is_over() -> None:
    desk = Desk()
    match = tag(desk.publish("away", Expires="600"))
    desk.told()
    desk.now += 400
    match = tag(desk.publish(match=match, Expires="600"))
    desk.now += 400
    desk.compositor.advance(desk.now)
    assert desk.told() == [("refreshed", "away")]
    desk.now += 201
    desk.compositor.advance(desk.now)
    assert desk.told() == [("removed", "away")]
    assert desk.publish("busy", match=match).status == 412
    assert desk.compositor.next_timeout() is None


def test_who_publishes_for_no_time_at_all_leaves_nothing() -> None:
    desk = Desk()
    assert desk.publish("away", Expires="0").status == 200
    assert desk.told() == []


def test_the_time_granted_is_bounded() -> None:
    desk = Desk(CompositorConfig(Durations(60, 3600, 1200)))
    assert desk.publish("away", Expires="999999").header("Expires") == "3600"
    assert desk.publish("away").header("Expires") == "1200"


def test_many_publications_of_one_presentity_live_side_by_side() -> None:
    desk = Desk()
    tags = [tag(desk.publish(word)) for word in ("desk", "mobile", "door")]
    desk.publish(match=tags[1], Expires="0")
    assert desk.told() == [
        ("published", "desk"),
        ("published", "mobile"),
        ("published", "door"),
        ("removed", "mobile"),
    ]


def test_a_publisher_that_forgets_its_tags_pushes_out_its_own_oldest() -> None:
    desk = Desk(CompositorConfig(most_of_resource=2))
    for word in ("one", "two", "three"):
        desk.publish(word)
        desk.now += 1
    assert desk.told()[-2:] == [("removed", "one"), ("published", "three")]
    assert desk.compositor.count == 2


def test_more_publications_than_there_is_room_for_are_refused() -> None:
    desk = Desk(CompositorConfig(most_publications=1))
    match = tag(desk.publish("one"))
    refused = desk.publish("two")
    assert (refused.status, refused.header("Retry-After")) == (503, "30")
    assert desk.publish("three", match=match).status == 200


def test_the_same_body_again_is_not_read_again() -> None:
    desk = Desk()
    match = tag(desk.publish("away"))
    match = tag(desk.publish("away", match=match))
    assert desk.words.read_so_far == 1
    desk.publish("busy", match=match)
    assert desk.words.read_so_far == 2


def restarted(desk: Desk, upto: int | None = None) -> Desk:
    """A compositor that has taken up what the other one kept, up to some change."""
    kept = {}
    for change in desk.compositor.take_changes()[:upto]:
        kept[change.record.id] = None if change.kind == "removed" else change.record
    again = Desk(tokens="u")
    again.now = desk.now
    again.compositor.restore([record for record in kept.values() if record is not None], again.now)
    return again


def test_an_entity_tag_is_good_after_a_restart() -> None:
    desk = Desk()
    match = tag(desk.publish("busy", match=tag(desk.publish("away"))))
    again = restarted(desk)
    assert again.told() == [("published", "busy")]
    assert again.publish(match=match).status == 200


def test_who_modifies_after_a_kill_is_understood_though_the_last_answer_was_not_kept() -> None:
    desk = Desk()
    match = tag(desk.publish("busy", match=tag(desk.publish("away"))))
    again = restarted(desk, 1)
    assert tag(again.publish("gone", match=match)) != match
    assert again.told()[-1] == ("published", "gone")


def test_who_refreshes_after_a_kill_what_was_not_kept_is_asked_for_it_and_the_old_is_dropped() -> None:
    desk = Desk()
    match = tag(desk.publish("busy", match=tag(desk.publish("away"))))
    again = restarted(desk, 1)
    assert again.publish(match=match).status == 412
    assert again.told()[-1] == ("removed", "away")
    assert again.publish("busy").status == 200


def test_what_expired_while_nobody_was_there_is_over() -> None:
    desk = Desk()
    desk.publish("away", Expires="600")
    desk.now += 601
    again = restarted(desk)
    assert [kind for kind, _ in again.told()] == ["removed"]
    assert again.compositor.count == 0


def test_a_presentity_that_is_gone_takes_its_publications_along() -> None:
    desk = Desk()
    desk.publish("away")
    desk.publish("busy", event="other")
    desk.told()
    desk.compositor.forget(ANNA)
    assert [kind for kind, _ in desk.told()] == ["removed", "removed"]


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["begin", "refresh", "modify", "remove", "wait", "restart"]), st.integers(0, 2)),
    max_size=40,
)


@given(HAPPENINGS)
def test_what_lives_is_what_publishers_believe_to_live(happenings: list[tuple[str, int]]) -> None:
    desk = Desk()
    tags: dict[int, str] = {}
    said: dict[int, str] = {}
    until: dict[int, float] = {}
    known: dict[str, PublicationRecord] = {}
    for number, (what, who) in enumerate(happenings):
        word = f"w{'abcdefghij'[number % 10]}"
        if what == "wait":
            desk.now += 300
            desk.compositor.advance(desk.now)
            for each in [each for each, at in until.items() if at <= desk.now]:
                del tags[each], said[each], until[each]
        elif what == "restart":
            now, desk = desk.now, Desk(tokens=f"r{number}-")
            desk.now = now
            desk.compositor.restore(known.values(), now)
            known = {}
        elif what == "begin" and who not in tags:
            tags[who], said[who] = tag(desk.publish(word, Expires="1000")), word
            until[who] = desk.now + 1000
        elif what != "begin" and who in tags:
            body = word if what == "modify" else ""
            response = desk.publish(body, match=tags[who], Expires="0" if what == "remove" else "1000")
            assert response.status == 200
            if what == "remove":
                del tags[who], said[who], until[who]
            else:
                tags[who], until[who] = tag(response), desk.now + 1000
                said[who] = word if body else said[who]
        for change in desk.compositor.take_changes():
            if change.kind == "removed":
                known.pop(change.record.id, None)
            else:
                assert str(change.document) == change.record.body.decode()
                known[change.record.id] = change.record
        assert sorted(record.body.decode() for record in known.values()) == sorted(said.values())

"""Each family of phones watches one call by its own habits, all of them the same one: `sip-scenarios/phones/`."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from presence_pidf.profiles import PROFILES
from tests.support.server import DOMAIN, Server
from tests.support.sipp import SCENARIOS, Sipp, SippFailed

RINGING, TALKING = 3000, 2000
"""Milliseconds, so that a slow phone hears of both."""
OTHER_STORIES = {"yealink-blf-list", "snom-call-completion"}
"""Played in test_sipp: what watches a list, or something else than a lamp."""
PHONES = sorted({path.stem for path in (SCENARIOS / "phones").glob("*.xml")} - OTHER_STORIES)
"""Those with a key for 201."""
_TOLD = re.compile(r"told (\d+) (\d+|-)")


class Watched(NamedTuple):
    """What became of a phone."""

    failure: str
    told: list[tuple[int, int]]
    """CSeq and version of each NOTIFY, in order; version 0 where the document has none."""


def test_every_family_that_is_known_is_played() -> None:
    # Our own watcher is no phone: it is played by another server in test_publications.
    assert {profile.name for profile in PROFILES} - {"lampfield"} == set(PHONES)


def outcome(phone: Sipp) -> Watched:
    try:
        phone.finish()
        failure = ""
    except SippFailed as failed:
        failure = str(failed)
    found = [match for line in phone.logged() if (match := _TOLD.search(line))]
    return Watched(failure, [(int(match[1]), int(match[2].replace("-", "0"))) for match in found])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes From: SIPp makes digest answers for one request-URI only."""
    with Server(tmp_path_factory.mktemp("server"), settings={"sip": {"authentication": False}}) as running:
        yield running


@pytest.fixture(scope="module")
def watched(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Watched]:
    """All phones, after they have watched 201 through a call from 210 and given their keys up."""
    folder, target = tmp_path_factory.mktemp("phones"), server.address
    with ExitStack() as running:
        callee = running.enter_context(Sipp(folder, "answer", user="anna", domain=DOMAIN, pause_ms=RINGING))
        keys = {"expires": "60", "contact": f"anna@127.0.0.1:{callee.port}"}
        Sipp(folder, "register-contact", target=target, user="anna", domain=DOMAIN, keys=keys).finish()
        phones = {name: running.enter_context(watching(folder, target, name)) for name in PHONES}
        for phone in phones.values():
            phone.expect_received("NOTIFY", 2 if phone.scenario == "phones/poly" else 1)
        Sipp(folder, "call", target=target, number="201", user="astrid", domain=DOMAIN, pause_ms=TALKING).finish()
        callee.finish()
        return {name: outcome(phone) for name, phone in phones.items()}


def watching(folder: Path, target: str, name: str) -> Sipp:
    return Sipp(folder, f"phones/{name}", target=target, number="201", user="bjorn", domain=DOMAIN, seconds=25)


@pytest.mark.parametrize("name", PHONES)
def test_the_phone_is_told_as_it_needs(watched: dict[str, Watched], name: str) -> None:
    failure, told = watched[name]
    assert not failure, failure
    assert len(told) >= 4
    numbers = [cseq for cseq, _ in told]
    assert numbers == sorted(set(numbers)), "CSeq only rises"
    versions = [version for _, version in told]
    assert versions == sorted(set(versions)) or not any(versions), "version only rises"

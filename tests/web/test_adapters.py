"""What the API tells of status adapters."""

import asyncio
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from provisioning.tokens import Client
from status_adapters.health import Figures
from web.access import Access
from web.adapters import routes
from web.problem import install
from web.rate_limit import RateLimit

FIGURES = Figures(
    "telenor",
    "operator",
    "logged-in",
    1.0,
    events=7,
    clock_difference=-3.5,
    counts={"sent": 5, "older": 2},
    waiting=4,
    monitored={"2026-11": 17},
)
TOLD = {"connected": True, "adapters": [msgspec.to_builtins(FIGURES)], "became": {"shown": 5}}


class Signalling:
    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        assert verb == "adapters"
        return TOLD


class Clients:
    async def find(self, token: str) -> Client | None:
        return {
            "of-adapters": Client("nordlys", "monitor", ("adapters",), 0.0),
            "of-queues": Client("nordlys", "wallboard", ("queues",), 0.0),
        }.get(token)

    async def named(self, company: str, name: str) -> Client | None:
        raise NotImplementedError


def get(path: str, token: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        app = FastAPI()
        install(app)
        app.include_router(routes(Access(Clients(), Signalling(), RateLimit(600, lambda: 0.0))))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.get(path, headers={"Authorization": f"Bearer {token}"})

    return asyncio.run(ask())


def test_adapters_are_told_with_all_their_figures() -> None:
    assert get("/adapters", "of-adapters").json() == TOLD


def test_prometheus_reads_the_same() -> None:
    answer = get("/metrics", "of-adapters")
    samples = {
        (sample.name, sample.labels.get("became", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["lampfield_adapter_logged_in", ""] == 1
    assert samples["lampfield_adapter_clock_seconds", ""] == -3.5
    assert samples["lampfield_adapter_events_total", "older"] == 2
    assert samples["lampfield_reports_merged_total", "shown"] == 5
    assert 'lampfield_adapter_monitored{adapter="telenor",kind="operator",month="2026-11"} 17.0' in answer.text
    assert "lampfield_adapter_lag_seconds{" not in answer.text, "what is not known is left out"


def test_other_tokens_do_not_see_them() -> None:
    assert get("/adapters", "of-queues").status_code == 403
    assert get("/metrics", "of-queues").status_code == 403

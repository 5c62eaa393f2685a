"""How the status adapters are, for programs and for Prometheus. They serve all companies of the server."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from web.access import Access, Desk
from web.models import Adapters


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["adapters"])
    desk_of_adapters = Annotated[Desk, Depends(access.to("adapters"))]

    @router.get("/adapters", response_model=Adapters, summary="How each status adapter is")
    async def adapters(desk: desk_of_adapters) -> Any:
        return await desk.ask("adapters")

    @router.get("/metrics", response_class=Response, summary="The same for Prometheus, in its text format")
    async def metrics(desk: desk_of_adapters) -> Response:
        registry = CollectorRegistry()
        registry.register(AdapterMetrics(Adapters.model_validate(await desk.ask("adapters"))))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


class AdapterMetrics(Collector):
    """What was told of the adapters, as metrics."""

    def __init__(self, told: Adapters) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("lampfield_adapters_connected", "The adapters' process is there.", self._told.connected)
        merged = CounterMetricFamily(
            "lampfield_reports_merged", "Status reports by what became of them.", labels=["became"]
        )
        for became, count in self._told.became.items():
            merged.add_metric([became], count)
        yield merged
        yield from self._of_each()

    def _of_each(self) -> Iterable[Metric]:
        labels = ["adapter", "kind"]
        logged_in = GaugeMetricFamily("lampfield_adapter_logged_in", "The source lets it in.", labels=labels)
        runs = CounterMetricFamily("lampfield_adapter_runs", "How often it was begun.", labels=labels)
        waiting = GaugeMetricFamily("lampfield_adapter_waiting", "Reports on their way.", labels=labels)
        lag = GaugeMetricFamily("lampfield_adapter_lag_seconds", "How far the source is behind.", labels=labels)
        clock = GaugeMetricFamily("lampfield_adapter_clock_seconds", "Least age of reports that come.", labels=labels)
        last = GaugeMetricFamily("lampfield_adapter_last_event_seconds", "UTC epoch of the last.", labels=labels)
        events = CounterMetricFamily(
            "lampfield_adapter_events", "Events by what came of them.", labels=[*labels, "became"]
        )
        monitored = GaugeMetricFamily(
            "lampfield_adapter_monitored", "Different people monitored in a month.", labels=[*labels, "month"]
        )
        for each in self._told.adapters:
            of = [each.name, each.kind]
            logged_in.add_metric(of, each.standing == "logged-in")
            runs.add_metric(of, each.runs)
            waiting.add_metric(of, each.waiting)
            for family, value in ((lag, each.lag), (clock, each.clock_difference), (last, each.last_event)):
                if value is not None:
                    family.add_metric(of, value)
            for became, count in each.counts.items():
                events.add_metric([*of, became], count)
            for month, number in each.monitored.items():
                monitored.add_metric([*of, month], number)
        yield from (logged_in, runs, waiting, lag, clock, last, events, monitored)

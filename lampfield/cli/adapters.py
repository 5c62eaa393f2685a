"""`lampfield adapters`: how each status adapter is, and a trial of one."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from lampfield.cli.running import ask, follow
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up, out
from lampfield.supervisor import adapters_path
from status_adapters.adapter import Finding
from status_adapters.health import Figures

app = typer.Typer(invoke_without_command=True)


class Standing(msgspec.Struct, frozen=True):
    """What the running server says of its adapters."""

    connected: bool
    adapters: list[Figures]
    became: dict[str, int]


@app.callback()
def adapters(ctx: typer.Context, config: ConfigOption = None) -> None:
    """Show how each status adapter is: logged in, last event, last error, events a second, lag, difference of clocks.

    Examples: `lampfield adapters`, `lampfield adapters test telenor --person anna@nordlys.example`
    """
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    configuration = configuration_of(config)
    standing = msgspec.convert(ask(configuration, "adapters", {}), Standing)
    if not configuration.adapters:
        out().print("The configuration has no [adapters.NAME]: nothing is taken in.")
        return
    if not standing.connected:
        out().print("The process of the adapters is away; this is how they were.")
    out().print(adapters_table(standing.adapters, _clock_time))
    became = ", ".join(f"{count:,} {word}" for word, count in sorted(standing.became.items())) or "none yet"
    out().print(f"Reports merged: {became}")


@app.command("test")
def test(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The adapter's name in the configuration.", show_default=False)],
    person: Annotated[str, typer.Option(help="Somebody such as anna@nordlys.example; else anybody.")] = "",
) -> None:
    """Try an adapter's log-in and one person, and say what was found. Status 1 where something does not work.

    Nothing is reported by it. Example: `lampfield adapters test telenor --person anna@nordlys.example`
    """
    findings: list[Finding] = []
    configuration = configuration_of(ctx.obj)
    if name not in configuration.adapters:
        there = ", ".join(sorted(configuration.adapters)) or "none"
        give_up(f"The configuration has no [adapters.{name}]; there are {there}")

    def show(answer: Any) -> None:
        finding = msgspec.convert(answer, Finding)
        findings.append(finding)
        out().print("good" if finding.ok else "bad", style="green" if finding.ok else "red", end=" ")
        out().print(f"{finding.step}: {finding.said}", soft_wrap=True)

    follow(configuration, "test", {"name": name, "person": person}, show, socket=adapters_path)
    if not findings or not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def adapters_table(adapters: list[Figures], shown: Callable[[float | None], str]) -> Table:
    """One line for each adapter; `shown` writes a time."""
    table = Table(
        "adapter", "kind", "is", "since", "last event", "events", "a second", "lag", "clock", "what came of it"
    )
    for each in adapters:
        came = ", ".join(f"{count:,} {word}" for word, count in sorted(each.counts.items()))
        error = f"{each.last_error} ({shown(each.last_error_at)})" if each.last_error else ""
        table.add_row(
            each.name,
            each.kind,
            each.standing,
            shown(each.since),
            shown(each.last_event),
            f"{each.events:,}",
            f"{each.events_a_second:.1f}",
            _seconds(each.lag),
            _difference(each.clock_difference),
            "; ".join(part for part in (came, error) if part),
        )
    return table


def _clock_time(moment: float | None) -> str:
    return "never" if moment is None else f"{datetime.fromtimestamp(moment).astimezone():%m-%d %H:%M:%S}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _difference(value: float | None) -> str:
    if value is None:
        return ""
    return f"{-value:.1f} s ahead" if value < 0 else f"{value:.1f} s behind"

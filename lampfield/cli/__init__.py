"""The command line: one file for each group of commands."""

import typer

from lampfield.cli import (
    calls,
    check,
    company,
    config,
    demo,
    hours,
    missed,
    music,
    pin,
    serve,
    sounds,
    token,
    trace,
    voicemail,
    why,
)

app = typer.Typer(
    name="lampfield",
    help="The main number of a company: menus, queues, phones and their busy lamps.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
)
app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("calls")(calls.calls)
app.command("missed")(missed.missed)
app.command("trace")(trace.trace)
app.command("why")(why.why_command)
app.command("hours")(hours.hours)
app.add_typer(company.app, name="company")
app.add_typer(sounds.app, name="sounds")
app.add_typer(music.app, name="music")
app.add_typer(token.app, name="token")
app.command("pin")(pin.pin)
app.add_typer(voicemail.app, name="voicemail")
app.add_typer(config.app, name="config")
app.command("demo")(demo.demo)

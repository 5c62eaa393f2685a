"""`lampfield music`: what callers hear while they wait."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.sound_desk import SoundDesk, minutes, progress_bar, sound_desk
from lampfield.cli.terminal import out
from provisioning.sound_shelf import STANDARD

app = typer.Typer(help="Music on hold: the standard list, and lists of the company's own.", no_args_is_help=True)

ListArgument = Annotated[
    str, typer.Argument(metavar="LIST", help="Name of the list: letters, digits, - and _.", show_default=False)
]


@app.command("list")
def list_command(company: CompanyArgument, config: ConfigOption = None) -> None:
    """Show the music lists and their files; exactly one list is active.

    Example: `lampfield music list nordlys`
    """
    with sound_desk(configuration_of(config), company) as desk:
        shelf = desk.shelf()
        table = Table("list", "", "file", "length", "original")
        table.add_row(STANDARD, _active(STANDARD, shelf.active_music), "built in", "", "")
        for name, files in shelf.lists().items():
            for place, sound in enumerate(files):
                table.add_row(
                    "" if place else name,
                    "" if place else _active(name, shelf.active_music),
                    sound.name,
                    minutes(sound.seconds),
                    sound.original_name,
                )
        out().print(table)


@app.command("add")
def add_command(
    company: CompanyArgument,
    music_list: ListArgument,
    files: Annotated[list[Path], typer.Argument(help="MP3, WAV, WMA, M4A, OGG, FLAC and others.", show_default=False)],
    config: ConfigOption = None,
) -> None:
    """Put files into a music list, which is made where there is none of the name. They are made as loud as each other.

    A file that is refused is told with its reason, and the others go on; the command then ends with status 1.

    Example: `lampfield music add nordlys summer beach.mp3 sunset.wma`
    """
    with sound_desk(configuration_of(config), company) as desk:
        added = 0
        try:
            for file in files:
                added += _added(desk, music_list, file)
        finally:
            if added:
                desk.tell_running()
        if added and desk.shelf().active_music != music_list:
            out().print(f"Play it with: lampfield music activate {company} {music_list}", soft_wrap=True)
        if added < len(files):
            raise typer.Exit(1)


def _added(desk: SoundDesk, music_list: str, file: Path) -> bool:
    """Whether the file is in the list now; what it is, or why not, is told."""
    name = _name_in(desk, music_list, file)
    try:
        with progress_bar(f"Reading {file.name}") as progress:
            sound = desk.add(file, name, kind="music", music_list=music_list, progress=progress)
    except typer.Exit:
        return False
    told = f"{music_list}: {sound.name}, {minutes(sound.seconds)} from {sound.original_format}"
    out().print(told, soft_wrap=True)
    return True


@app.command("activate")
def activate_command(company: CompanyArgument, music_list: ListArgument, config: ConfigOption = None) -> None:
    """Play a list from each caller's next file on; `standard` is the one that is built in.

    Example: `lampfield music activate nordlys summer`
    """
    with sound_desk(configuration_of(config), company) as desk:
        desk.do(desk.sounds.activate(music_list))
        out().print(f"{music_list} plays")
        desk.tell_running()


@app.command("remove")
def remove_command(
    company: CompanyArgument,
    music_list: ListArgument,
    file: Annotated[
        str | None,
        typer.Argument(
            help="A file's name as `lampfield music list` tells it; unnamed, the whole list.", show_default=False
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Take a list away, or one file of it. A list that plays must be replaced first.

    Examples: `lampfield music remove nordlys summer summer-beach`, `lampfield music remove nordlys summer`
    """
    with sound_desk(configuration_of(config), company) as desk:
        desk.do(desk.sounds.remove_list(music_list) if file is None else desk.sounds.remove_music(music_list, file))
        out().print(f"{file or music_list} is gone")
        desk.tell_running()


def _active(name: str, active: str) -> str:
    return "active" if name == active else ""


def _name_in(desk: SoundDesk, music_list: str, file: Path) -> str:
    """The sound's name for a file: the one that it has already, else one that no other file has."""
    sounds = desk.shelf().sounds
    plain = f"{music_list}-{_as_name(file)}"
    name, number = plain, 1
    while name in sounds and Path(sounds[name].original_name).stem != file.stem:
        number += 1
        name = f"{plain}-{number}"
    return name


def _as_name(file: Path) -> str:
    """A sound's name for a file: what is no letter or digit becomes a dash."""
    return re.sub(r"[^A-Za-z0-9]+", "-", file.stem).strip("-")[:40].lower() or "music"

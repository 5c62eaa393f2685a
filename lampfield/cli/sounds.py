"""`lampfield sounds`: a company's own greetings and prompts."""

import time
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument, unknown
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.sound_desk import SoundDesk, minutes, progress_bar, sound_desk
from lampfield.cli.terminal import give_up, out
from lampfield.sound_library.company_sounds import OWN, no_such
from provisioning.sound_shelf import SoundEntry
from routing.hours import Slot

app = typer.Typer(help="A company's own sounds: greetings and prompts, recorded or uploaded.", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The sound's name: letters, digits, - and _.", show_default=False)
]
SLOTS: tuple[Slot, ...] = get_args(Slot)


@app.command("add")
def add_command(
    company: CompanyArgument,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="MP3, WAV, WMA, M4A, OGG, FLAC and others.", show_default=False)],
    number: Annotated[
        int | None, typer.Option(min=1, max=999, help="By which the phone calls it.", show_default=False)
    ] = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="It is said elsewhere than as a welcome greeting: in menus, as a message.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Take a sound file in, under a name; in place of the sound that had the name.

    Silence at its ends is cut off and it is made as loud as the built-in prompts. The file itself is kept. Callers hear
    it where the company file says `own/NAME`, or after `lampfield sounds use`.

    Example: `lampfield sounds add nordlys welcome welcome.mp3 --number 1`
    """
    with sound_desk(configuration_of(config), company) as desk:
        with progress_bar(f"Reading {file.name}") as progress:
            sound = desk.add(file, name, kind="prompt" if prompt else "greeting", number=number, progress=progress)
        told = f"{OWN}{sound.name}: {minutes(sound.seconds)} of sound from {sound.original_format}"
        out().print(told, soft_wrap=True)
        desk.tell_running()


@app.command("list")
def list_command(company: CompanyArgument, config: ConfigOption = None) -> None:
    """Show a company's sounds and which greetings are in use.

    Example: `lampfield sounds list nordlys`
    """
    with sound_desk(configuration_of(config), company) as desk:
        shelf = desk.shelf()
        spoken = [sound for sound in shelf.sounds.values() if sound.kind != "music"]
        if not spoken:
            out().print("No sounds yet. Begin with: lampfield sounds add COMPANY NAME FILE")
        else:
            table = Table("name", "number", "kind", "length", "made", "by", "original")
            for sound in spoken:
                table.add_row(
                    sound.name,
                    str(sound.number or ""),
                    sound.kind,
                    minutes(sound.seconds),
                    _day(sound),
                    sound.made_by,
                    sound.original_name,
                )
            out().print(table)
        if shelf.in_use:
            table = Table("main number", "when", "greeting in use")
            for (number, slot), name in sorted(shelf.in_use.items()):
                table.add_row(number, slot, OWN + name)
            out().print(table)


@app.command("remove")
def remove_command(company: CompanyArgument, name: NameArgument, config: ConfigOption = None) -> None:
    """Take a sound away, and the file it was made of. One in use must be replaced first.

    Example: `lampfield sounds remove nordlys welcome`
    """
    with sound_desk(configuration_of(config), company) as desk:
        desk.do(desk.sounds.remove(name))
        out().print(f"{OWN}{name} is gone")
        desk.tell_running()


@app.command("use")
def use_command(
    company: CompanyArgument,
    slot: Annotated[str, typer.Argument(metavar="WHEN", help=f"One of {', '.join(SLOTS)}.", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The sound's name, or none: as the company file says.")],
    number: Annotated[
        str | None, typer.Option(help="A main number, E.164; unnamed, all of them.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Greet callers with a sound from now on, when open or closed, on normal or special days.

    Examples: `lampfield sounds use nordlys open welcome`, `lampfield sounds use nordlys special-closed none`
    """
    when = _slot(slot)
    with sound_desk(configuration_of(config), company) as desk:
        numbers = _numbers(desk, number)
        chosen = None if name == "none" else name.removeprefix(OWN)
        for main_number in numbers:
            desk.do(desk.sounds.use(main_number, when, chosen))
        told = f"{OWN}{chosen} greets" if chosen is not None else "The company file says what greets"
        out().print(f"{told}: {', '.join(numbers)}, {slot}", soft_wrap=True)
        desk.tell_running()


@app.command("play-info")
def play_info_command(company: CompanyArgument, name: NameArgument, config: ConfigOption = None) -> None:
    """Tell everything about a sound: what it was made of, where its files are, where it is in use.

    Example: `lampfield sounds play-info nordlys welcome`
    """
    with sound_desk(configuration_of(config), company) as desk:
        shelf = desk.shelf()
        sound = shelf.sounds.get(name.removeprefix(OWN))
        if sound is None:
            give_up(f"{desk.company.id}: {no_such(name, shelf)}")
        uses = ", ".join(f"{number} {slot}" for number, slot in shelf.uses_of(sound.name))
        rows = {
            "prompt": OWN + sound.name,
            "kind": f"music of the list {sound.music_list}" if sound.music_list else sound.kind,
            "number": str(sound.number or "none"),
            "length": f"{sound.seconds:.1f} s",
            "made": f"{_day(sound)} by {sound.made_by}",
            "original": f"{sound.original_name}: {sound.original_format}",
            "original file": str(desk.original(sound)),
            "what callers hear": str(desk.sounds.folder.file(sound.name)),
            "in use": uses or "as the company file says",
        }
        table = Table.grid("", "", padding=(0, 2))
        for label, value in rows.items():
            table.add_row(label, value)
        out().print(table)


def _slot(named: str) -> Slot:
    found = next((slot for slot in SLOTS if slot == named), None)
    return found or give_up(f"WHEN = {named}: must be one of {', '.join(SLOTS)}")


def _numbers(desk: SoundDesk, number: str | None) -> list[str]:
    known = desk.company.main_numbers
    if number is None:
        return list(known) or give_up(f"{desk.company.id} has no main number, so nothing greets")
    return [number] if number in known else unknown("main number", number, known)


def _day(sound: SoundEntry) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(sound.made_at))

"""A company's own sounds as the database has them: what there is, which greetings are in use, which music plays."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select

from provisioning.sound_rows import ActiveMusicRow, GreetingRow, SoundRow
from routing.hours import Slot

SoundKind = Literal["greeting", "prompt", "music"]

STANDARD = "standard"
"""The music list that is there from the start."""


class SoundEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a sound."""

    name: str
    kind: SoundKind
    seconds: float
    made_at: float
    """UTC epoch seconds."""
    made_by: str
    """Who: the id of a person, or the user of the command line."""
    original_name: str
    """Of the file it was made of."""
    original_format: str
    """`mp3 mp3, 44100 Hz, stereo`."""
    number: int | None = None
    """By which the phone calls it."""
    music_list: str | None = None


class SoundShelf(msgspec.Struct, frozen=True):
    """All of a company's sounds."""

    sounds: Mapping[str, SoundEntry] = {}
    """By name, in the order in which they came."""
    in_use: Mapping[tuple[str, Slot], str] = {}
    """Name of the greeting by main number and slot."""
    active_music: str = STANDARD

    def of_number(self, number: int) -> SoundEntry | None:
        return next((sound for sound in self.sounds.values() if sound.number == number), None)

    def lists(self) -> dict[str, list[SoundEntry]]:
        """The company's own music lists with their files."""
        found: dict[str, list[SoundEntry]] = {}
        for sound in self.sounds.values():
            if sound.music_list is not None:
                found.setdefault(sound.music_list, []).append(sound)
        return found

    def uses_of(self, name: str) -> list[tuple[str, Slot]]:
        """Where a greeting is in use: main numbers and slots."""
        return [place for place, sound in self.in_use.items() if sound == name]


def load_shelves(connection: Connection) -> dict[str, SoundShelf]:
    """The shelves of the companies that have anything on them, by the company's id."""
    sounds: dict[str, dict[str, SoundEntry]] = {}
    for row in connection.execute(select(SoundRow.__table__).order_by(SoundRow.place)).mappings():
        entry = msgspec.convert(dict(row), SoundEntry)
        sounds.setdefault(row["company_id"], {})[entry.name] = entry
    in_use: dict[str, dict[tuple[str, Slot], str]] = {}
    for row in connection.execute(select(GreetingRow.__table__)).mappings():
        in_use.setdefault(row["company_id"], {})[row["number"], row["slot"]] = row["sound"]
    music = {row.company_id: row.music_list for row in connection.execute(select(ActiveMusicRow.__table__))}
    return {
        company: SoundShelf(sounds.get(company, {}), in_use.get(company, {}), music.get(company, STANDARD))
        for company in sounds.keys() | in_use.keys() | music.keys()
    }


def load_shelf(connection: Connection, company: str) -> SoundShelf:
    return load_shelves(connection).get(company, SoundShelf())


def save_sound(connection: Connection, company: str, sound: SoundEntry) -> None:
    """Put a sound in place of the one of its name, which keeps its place, or behind all others."""
    columns = SoundRow.__table__.c
    mine = columns.company_id == company
    place = connection.scalar(select(columns.place).where(mine, columns.name == sound.name))
    if place is None:
        last = connection.scalar(select(func.max(columns.place)).where(mine))
        place = 0 if last is None else last + 1
    connection.execute(delete(SoundRow).where(mine, columns.name == sound.name))
    connection.execute(insert(SoundRow), {"company_id": company, "place": place, **msgspec.structs.asdict(sound)})


def delete_sounds(connection: Connection, company: str, names: Iterable[str]) -> None:
    """Take sounds off the shelf, and out of use."""
    gone = list(names)
    for table, column in ((GreetingRow.__table__, "sound"), (SoundRow.__table__, "name")):
        assert isinstance(table, Table)
        connection.execute(delete(table).where(table.c.company_id == company, table.c[column].in_(gone)))


def put_in_use(connection: Connection, company: str, number: str, slot: Slot, sound: str | None) -> None:
    """Use a greeting for a main number; None leaves it to the company file again."""
    columns = GreetingRow.__table__.c
    here = (columns.company_id == company, columns.number == number, columns.slot == slot)
    connection.execute(delete(GreetingRow).where(*here))
    if sound is not None:
        connection.execute(insert(GreetingRow), {"company_id": company, "number": number, "slot": slot, "sound": sound})


def activate_music(connection: Connection, company: str, music_list: str) -> None:
    """Play a list from now on, the company's own or `STANDARD`."""
    columns = ActiveMusicRow.__table__.c
    connection.execute(delete(ActiveMusicRow).where(columns.company_id == company))
    if music_list != STANDARD:
        connection.execute(insert(ActiveMusicRow), {"company_id": company, "music_list": music_list})

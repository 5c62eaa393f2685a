"""The company's own sounds: listed, uploaded, removed."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from provisioning.sound_shelf import SoundEntry, SoundShelf
from web.access import Access, Desk
from web.backend import DatabaseAway, SoundRefused, Sounds
from web.models import Sound
from web.problem import Problem

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file: MP3, WAV, WMA, M4A, OGG, FLAC and others.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def routes(access: Access, sounds: Sounds) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["sounds"])
    client = Annotated[Desk, Depends(access.to("sounds"))]

    @router.get("/sounds", response_model=list[Sound], summary="All sounds of the company's own")
    async def all_sounds(desk: client) -> Any:
        shelf = await _shelf(sounds, desk)
        return [_told(sound, shelf) for sound in shelf.sounds.values()]

    @router.put("/sounds/{name}", response_model=Sound, summary="Upload a sound", openapi_extra=_FILE)
    async def upload(
        name: str,
        request: Request,
        desk: client,
        kind: Literal["greeting", "prompt"] = "greeting",
        number: Annotated[int | None, Query(ge=1, le=999, description="By which the phone calls it.")] = None,
        file_name: Annotated[str, Query(max_length=200, description="What the file was called.")] = "",
    ) -> Any:
        """Take a file in under a name, in place of the sound that had it; callers hear it from then on."""
        with tempfile.TemporaryDirectory(prefix="lampfield-upload-") as folder:
            source = Path(folder) / "upload"
            await _receive(request, source, sounds.most_bytes)
            try:
                sound = await sounds.add(
                    desk.client.company,
                    name,
                    source,
                    made_by=desk.client.name,
                    kind=kind,
                    number=number,
                    original_name=file_name or name,
                )
            except SoundRefused as refused:
                raise Problem(422, "sound", name, str(refused), said=str(refused)) from refused
            except DatabaseAway as away:
                raise _no_database() from away
        await desk.ask("sounds")
        return _told(sound, await _shelf(sounds, desk))

    @router.delete("/sounds/{name}", status_code=204, response_class=Response)
    async def remove(name: str, desk: client) -> None:
        """Take a sound away; one in use must be replaced first."""
        try:
            await sounds.remove(desk.client.company, name)
        except SoundRefused as refused:
            raise Problem(409, "sound", name, str(refused), said=str(refused)) from refused
        except DatabaseAway as away:
            raise _no_database() from away
        await desk.ask("sounds")

    return router


async def _shelf(sounds: Sounds, desk: Desk) -> SoundShelf:
    try:
        return await sounds.shelf(desk.client.company)
    except DatabaseAway as away:
        raise _no_database() from away


async def _receive(request: Request, target: Path, most: int) -> None:
    size = 0
    with target.open("wb") as file:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise Problem(413, "body", f"more than {most} bytes", f"a file of at most {most} bytes")
            file.write(part)
    if not size:
        raise Problem(422, "body", "", "a sound file")


def _no_database() -> Problem:
    return Problem(503, "database", "", "it to answer; try again", {"Retry-After": "5"})


def _told(sound: SoundEntry, shelf: SoundShelf) -> dict[str, Any]:
    uses = [f"{number} {slot}" for number, slot in shelf.uses_of(sound.name)]
    told: dict[str, Any] = msgspec.to_builtins(sound)
    return told | {"in_use": uses}

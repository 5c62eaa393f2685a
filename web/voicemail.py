"""Voicemail boxes and their messages."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse

from web.access import Access, Desk
from web.models import Box, Message
from web.problem import Problem


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["voicemail"])
    client = Annotated[Desk, Depends(access.to("voicemail"))]

    @router.get("/voicemail/boxes", response_model=list[Box], summary="All boxes")
    async def boxes(desk: client) -> Any:
        return await desk.ask("api-boxes")

    @router.get("/voicemail/boxes/{box}/messages", response_model=list[Message], summary="New ones first")
    async def messages(box: str, desk: client) -> Any:
        return await desk.ask("api-messages", box=box)

    @router.get("/voicemail/messages/{message}", response_model=Message)
    async def message(message: str, desk: client) -> Any:
        return await desk.ask("api-message", message=message)

    @router.get(
        "/voicemail/messages/{message}/audio",
        response_class=FileResponse,
        responses={200: {"content": {"audio/wav": {}}}},
        summary="What was said, as WAV",
    )
    async def audio(message: str, desk: client) -> Any:
        """Listening so does not mark the message as heard."""
        path = Path((await desk.ask("api-message", message=message))["path"])
        if not await asyncio.to_thread(path.is_file):
            raise Problem(404, "message", message, "one whose sound is still there")
        return FileResponse(path, media_type="audio/wav", filename=f"{message}.wav")

    @router.post("/voicemail/messages/{message}/heard", response_model=Message, summary="Mark it as heard")
    async def heard(message: str, desk: client) -> Any:
        """Lamps go out as after listening by phone."""
        return await desk.ask("api-message-heard", message=message)

    @router.delete("/voicemail/messages/{message}", status_code=204, response_class=Response)
    async def delete(message: str, desk: client) -> None:
        """Delete it; for an hour it can be restored by phone."""
        await desk.ask("api-message-delete", message=message)

    return router

"""Queues, their members, and the texts that members write."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from web.access import Access, Desk
from web.models import Member, Pause, Queue, Text, TextAnswer


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["queues and members"])
    viewer = Annotated[Desk, Depends(access.to("queues"))]
    manager = Annotated[Desk, Depends(access.to("members"))]
    gateway = Annotated[Desk, Depends(access.to("texts"))]

    @router.get("/queues", response_model=list[Queue], summary="All queues")
    async def queues(desk: viewer) -> Any:
        return await desk.ask("api-queues")

    @router.get("/queues/{queue}", response_model=Queue, summary="Who waits and who could answer")
    async def queue(queue: str, desk: viewer) -> Any:
        return await desk.ask("api-queue", queue=queue)

    @router.get("/queues/{queue}/members", response_model=list[Member], summary="Members with their state")
    async def members(queue: str, desk: manager) -> Any:
        return (await desk.ask("api-queue", queue=queue))["members"]

    @router.post("/queues/{queue}/members/{member}/activate", response_model=Member)
    async def activate(queue: str, member: str, desk: manager) -> Any:
        """Let the member be offered callers again; what is so already is answered like what is new."""
        return await desk.ask("api-member", queue=queue, member=member, do="activate", by=desk.client.name)

    @router.post("/queues/{queue}/members/{member}/deactivate", response_model=Member)
    async def deactivate(queue: str, member: str, desk: manager) -> Any:
        """Offer the member no callers until activated; a call that rings already goes on ringing."""
        return await desk.ask("api-member", queue=queue, member=member, do="deactivate", by=desk.client.name)

    @router.post("/queues/{queue}/members/{member}/pause", response_model=Member)
    async def pause(queue: str, member: str, desk: manager, why: Pause | None = None) -> Any:
        """Offer the member no callers until resumed."""
        reason = why.reason if why is not None else ""
        return await desk.ask("api-member", queue=queue, member=member, do="pause", reason=reason, by=desk.client.name)

    @router.post("/queues/{queue}/members/{member}/resume", response_model=Member)
    async def resume(queue: str, member: str, desk: manager) -> Any:
        """End the pause."""
        return await desk.ask("api-member", queue=queue, member=member, do="resume", by=desk.client.name)

    @router.post("/texts", response_model=TextAnswer, summary="A text message from a member")
    async def texts(text: Text, desk: gateway) -> Any:
        """Do what a member wrote, such as `passive sales`, `pause lunch` or `status`; the answer is to be sent back.

        Who writes is known by the number alone: the gateway answers for it.
        """
        return await desk.ask("api-text", text=text.text, **{"from": text.sender})

    return router

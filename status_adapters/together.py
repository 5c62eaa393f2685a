"""Several endless things at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*endless: Coroutine[Any, Any, None]) -> None:
    """Run these until one of them fails or all are cancelled. Raises what the first that failed did, as it was."""
    tasks = [asyncio.ensure_future(one) for one in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Rings a member for a caller, whom outside members and some others take by a key."""

import asyncio
import logging

from routing.model import Queue, is_outside
from routing.ports import Answered, Caller, Dialler, RingResult
from routing.queue.confirming import Introduction, must_confirm, presses_one
from routing.queue.member import Offer

log = logging.getLogger(__name__)

RING_GRACE = 5.0
"""Seconds beyond `ring_seconds` after which an offer ends whatever the dialler does: no claim is held for ever."""


async def ring_member(
    queue: Queue, offer: Offer, caller: Caller, dialler: Dialler, introduction: Introduction
) -> RingResult:
    """How ringing the member ended. Ends by itself, whatever the dialler does, and raises nothing but what cancels it.

    Who answers and does not take the call by the key that is asked for has not answered.
    """
    ring = dialler.ring_number if is_outside(offer.member) else dialler.ring_person
    seconds = queue.ring_seconds
    try:
        async with asyncio.timeout(seconds + RING_GRACE):
            result = await ring(offer.member, caller=caller, timeout=seconds)
        picked_up = result.picked_up_by is not None
        if result.answered is None or picked_up or not must_confirm(queue, offer.member):
            return result
        return await _confirmed(result, result.answered, dialler, introduction)
    except TimeoutError:
        log.warning("%s: ringing %s did not end by itself", offer.call, offer.member)
        return RingResult("no-answer", status=480)
    except Exception:
        log.exception("%s: ringing %s failed", offer.call, offer.member)
        return RingResult("unreachable", status=480)


async def _confirmed(
    result: RingResult, answered: Answered, dialler: Dialler, introduction: Introduction
) -> RingResult:
    """The result as it is where who answered takes the call by a key, else `no-answer`."""
    taken = False
    try:
        taken = await presses_one(answered, introduction())
    finally:
        if not taken:
            dialler.drop(answered, "no-answer")
    return result if taken else RingResult("no-answer", status=480)

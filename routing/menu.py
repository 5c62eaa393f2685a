"""A menu: tells its choices, takes a key, answers silence and invalid keys, and says where the call goes."""

from collections.abc import Sequence

import msgspec

from routing.caller_leg import tell
from routing.events import KeyPressed, MenuEntered, MenuSilence
from routing.model import Destination, Menu
from routing.ports import Caller, Clock, EventSink

OPERATOR_KEY = "0"


class Choice(msgspec.Struct, frozen=True):
    """Where the call goes from the menu, and the key that chose it; None when no key did."""

    destination: Destination
    key: str | None


def destination_of(menu: Menu, key: str) -> Destination | None:
    """Where a key leads; None for one that the menu does not offer. 0 is the operator unless the menu says else."""
    if key in menu.keys:
        return menu.keys[key]
    return menu.operator if key == OPERATOR_KEY else None


async def choose(menu: Menu, caller: Caller, emit: EventSink, clock: Clock, *, greeting: Sequence[str] = ()) -> Choice:
    """Let an answered caller choose where the call goes. Raises CallerGone.

    `greeting` is played before the first telling and, like every prompt here, is cut by a key. A key pressed before the
    menu began counts, so that who knows the menu need not listen to it.
    """
    emit(MenuEntered(call=caller.call, at=clock(), menu=menu.name))
    prompts = [*greeting, menu.prompt]
    for _ in range(menu.attempts):
        await tell(caller, prompts, emit, clock, until_key=True)
        key = await caller.read_key(menu.silence_seconds)
        if key is None:
            emit(MenuSilence(call=caller.call, at=clock(), menu=menu.name))
            prompts = [menu.silence_prompt, menu.prompt]
            continue
        destination = destination_of(menu, key)
        emit(KeyPressed(call=caller.call, at=clock(), menu=menu.name, key=key, valid=destination is not None))
        if destination is not None:
            return Choice(destination, key)
        # Keys typed on after a wrong one were meant for a menu that the caller is not in.
        caller.clear_keys()
        prompts = [menu.invalid_prompt, menu.prompt]
    return Choice(menu.timeout_destination, None)

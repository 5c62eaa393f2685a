"""A visit to a menu: tells its choices, takes a key or a number, answers silence and wrong keys, says where to go."""

from collections.abc import Mapping, Sequence

from routing.caller_leg import tell
from routing.events import CustomerNumberGiven, KeyPressed, MenuEntered, MenuSilence
from routing.menu.typed import Offered, read_on
from routing.model import Destination, Menu
from routing.ports import Caller, Clock, EventSink
from routing.structs import Value

NO_EXTENSIONS: Mapping[str, Destination] = {}


class Choice(Value, frozen=True):
    """Where the call goes from the menu, and what was typed to choose it; None when nothing was."""

    destination: Destination
    key: str | None
    customer_number: str = ""
    """Where what was typed is one."""
    priority: int = 0
    """In queues, that the choice gives."""


async def choose(
    menu: Menu,
    caller: Caller,
    emit: EventSink,
    clock: Clock,
    *,
    greeting: Sequence[str] = (),
    extensions: Mapping[str, Destination] = NO_EXTENSIONS,
) -> Choice:
    """Let an answered caller choose where the call goes. Raises CallerGone.

    `greeting` is played before the first telling and is cut by a key as the menu is. Keys pressed before the menu began
    count, so that who knows the menu need not listen to it. `extensions` are what may be dialled where the menu lets
    callers dial them.
    """
    emit(MenuEntered(call=caller.call, at=clock(), menu=menu.name))
    if menu.language is not None:
        caller.speak(menu.language)
    offered = Offered(menu, extensions)
    prompts = [*greeting, menu.prompt]
    silences = wrong = 0
    while True:
        await tell(caller, prompts, emit, clock, until_key=menu.barge_in)
        typed = await _read(offered, menu, caller)
        if typed is None:
            emit(MenuSilence(call=caller.call, at=clock(), menu=menu.name))
            silences += 1
            if silences + wrong >= menu.attempts or silences == menu.silence_attempts:
                return Choice(menu.silence_destination or menu.timeout_destination, None)
            prompts = [menu.silence_prompt, menu.prompt]
            continue
        choice = _chosen(menu, offered, typed)
        emit(KeyPressed(call=caller.call, at=clock(), menu=menu.name, key=typed, valid=choice is not None))
        if choice is not None:
            if choice.customer_number:
                emit(CustomerNumberGiven(call=caller.call, at=clock(), menu=menu.name, number=typed))
            return choice
        # Keys typed on after a wrong one were meant for a menu that the caller is not in.
        caller.clear_keys()
        wrong += 1
        if silences + wrong >= menu.attempts or wrong == menu.invalid_attempts:
            return Choice(menu.invalid_destination or menu.timeout_destination, None)
        prompts = [menu.invalid_prompt, menu.prompt]


async def _read(offered: Offered, menu: Menu, caller: Caller) -> str | None:
    first = await caller.read_key(menu.silence_seconds)
    if first is None:
        return None
    return await read_on(first, offered, caller, menu.digit_seconds)


def _chosen(menu: Menu, offered: Offered, typed: str) -> Choice | None:
    meaning = offered.meaning(typed)
    if meaning is None:
        return None
    number = typed if meaning.customer_number else ""
    return Choice(meaning.destination, typed, number, menu.priorities.get(typed, 0))

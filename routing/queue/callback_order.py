"""A waiting caller asks to be called back: the number is told and confirmed, or another one typed."""

from routing.callback_numbers import CallbackNumbers
from routing.queue.in_line import InLine

STAY, END = "*", "#"
ATTEMPTS = 4
"""How often something is asked, after which the caller waits on."""
KEY_SECONDS = 8.0
DIGIT_SECONDS = 5.0
"""A pause of so long ends a number."""
LONGEST_NUMBER = 20


async def order_callback(line: InLine, numbers: CallbackNumbers) -> str | None:
    """The number that the caller has confirmed; None for who stays on the line. Raises CallerGone."""
    number = numbers.own()
    for _ in range(ATTEMPTS):
        if number is None:
            typed = await _typed(line)
            if not typed:
                return None
            number = numbers.typed(typed)
            if number is None:
                await line.tell("callback/not-possible")
                continue
        await line.tell("callback/number", *numbers.told(number), "callback/confirm", until_key=True)
        match await line.caller.read_key(KEY_SECONDS):
            case "1":
                return number
            case "2":
                number = None
            case "*":
                return None
    return None


async def _typed(line: InLine) -> str:
    """What the caller types, to # or to a pause; empty for nothing, and for who presses the star to stay."""
    await line.tell("callback/enter", until_key=True)
    keys, pause = "", KEY_SECONDS
    while len(keys) < LONGEST_NUMBER and (key := await line.caller.read_key(pause)) not in (None, END):
        if key == STAY:
            return ""
        keys, pause = f"{keys}{key}", DIGIT_SECONDS
    return keys

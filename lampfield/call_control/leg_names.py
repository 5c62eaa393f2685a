"""How the legs of a call are named after it."""


def caller_leg(call: str) -> str:
    """The leg to the caller."""
    return f"{call}-a"


def called_leg(call: str, side: str, number: int) -> str:
    """The leg to somebody who is called, counted from 1; `side` is that of the call, the caller's is a."""
    return f"{call}-{side}{number}"


def number_of(leg: str) -> int:
    """The number in the name of a called leg."""
    return int(leg.rpartition("-")[2][1:])

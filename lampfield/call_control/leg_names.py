"""How the legs of a call are named after it."""


def caller_leg(call: str) -> str:
    """The leg to the caller."""
    return f"{call}-a"

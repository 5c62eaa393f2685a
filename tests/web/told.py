"""States as signalling tells them."""

from web.told_state import ToldState


def told(person: str, condition: str = "idle") -> ToldState:
    """A person whose extension is `x-` and their id."""
    return ToldState(
        person=person,
        name=person.title(),
        extension=f"x-{person}",
        phone="available" if condition == "idle" else "busy",
        condition=condition,
        since=5.0,
        back_at=None,
        reason="",
        note="",
        sources=(),
        forwarding=None,
        private_number=None,
        roaming=None,
        data_attached=None,
    )

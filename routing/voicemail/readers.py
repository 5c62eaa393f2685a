"""Who may listen to a box, and which box belongs to an extension. Pure."""

from routing.dialplan import extensions
from routing.model import Company, VoicemailBox


def readers(company: Company, box: VoicemailBox) -> tuple[str, ...]:
    """Ids of the people who may listen, and whose lamps show the box."""
    if box.readers:
        return tuple(person for person in box.readers if person in company.people)
    if box.name in company.people:
        return (box.name,)
    queue = company.queues.get(box.name)
    return tuple(member for member in queue.members if member in company.people) if queue is not None else ()


def box_of_extension(company: Company, extension: str) -> VoicemailBox | None:
    """The box of the person or the queue with this internal number."""
    found = extensions(company).get(extension)
    return company.boxes.get(found.name) if found is not None and found.kind in ("person", "queue") else None

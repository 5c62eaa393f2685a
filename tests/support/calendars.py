"""iCalendar text for tests."""


def calendar(*events: str) -> bytes:
    """A calendar with these events, each given by its lines but UID."""
    body = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20240501T000000Z\n{event.strip()}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()

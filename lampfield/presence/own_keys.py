"""The lamps of keys by which people set what is theirs: do not disturb, forwarding, and the voicemail.

A key watches what it dials. The lamp of a code is lit while what it turns on is on; the mailbox code's while new
messages wait, in all boxes that the person reads or, with an extension behind it, in that one.
"""

from collections.abc import Callable, Iterable, Iterator

from lampfield.presence.member_lamps import for_member
from lampfield.presence.things import own_key
from lampfield.switches import Light
from routing.forwarding import When, Wishes
from routing.model import Company, FeatureCodes
from routing.voicemail.readers import box_of_extension, readers

HasNew = Callable[[str, str], bool]
"""Whether new messages are in a box, by the company's id and the box's name."""


def wish_codes(codes: FeatureCodes) -> Iterator[tuple[str, When | None]]:
    """Each code that turns a wish on and off with which calls it is for; None is do not disturb."""
    yield codes.do_not_disturb, None
    yield codes.forward_always, "always"
    yield codes.forward_busy, "busy"
    yield codes.forward_no_answer, "no-answer"
    yield codes.forward_unreachable, "unreachable"


def holds(wishes: Wishes, when: When | None) -> bool:
    """Whether what the code for it turns on is on."""
    return wishes.do_not_disturb if when is None else wishes.forwarding(when) is not None


class OwnKeys:
    """Tells of a key's lamp when it is first watched, and lights it when something changes."""

    def __init__(self, wishes: Callable[[Company, str], Wishes], has_new: HasNew, light: Light) -> None:
        self._wishes = wishes
        self._has_new = has_new
        self._light = light
        self._companies: dict[str, Company] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        self._companies = {company.domain.lower(): company for company in companies}

    def is_on(self, aor: str) -> bool | None:
        """Fulfils `things.IsOn`."""
        key = own_key(aor)
        company = self._companies.get(key.domain) if key is not None else None
        if key is None or company is None or key.person not in company.people:
            return None
        for code, when in wish_codes(company.feature_codes):
            if code and key.dialled == code:
                return holds(self._wishes(company, key.person), when)
        boxes = self._boxes(company, key.person, key.dialled)
        return None if boxes is None else any(self._has_new(company.id, box) for box in boxes)

    def wishes_changed(self, company: Company, person: str, wishes: Wishes) -> None:
        """Somebody wants other calls than before."""
        for code, when in wish_codes(company.feature_codes):
            if code:
                self._light(self._aor(company, code, person), holds(wishes, when))

    def messages_changed(self, domain: str, person: str) -> None:
        """One of the boxes that somebody reads holds other messages than before."""
        company = self._companies.get(domain)
        code = company.feature_codes.mailbox if company is not None else ""
        if company is None or not code:
            return
        for dialled in (code, *(f"{code}{extension}" for extension in self._extensions(company))):
            boxes = self._boxes(company, person, dialled)
            if boxes is not None:
                on = any(self._has_new(company.id, box) for box in boxes)
                self._light(self._aor(company, dialled, person), on)

    @staticmethod
    def _boxes(company: Company, person: str, dialled: str) -> list[str] | None:
        """The boxes that a key for the mailbox means; None for a key that means none, or none of the person's."""
        code = company.feature_codes.mailbox
        if not code or not dialled.startswith(code):
            return None
        own = [box for box in company.boxes.values() if person in readers(company, box)]
        if dialled == code:
            return [box.name for box in own]
        meant = box_of_extension(company, dialled.removeprefix(code))
        return [meant.name] if meant is not None and meant in own else None

    @staticmethod
    def _extensions(company: Company) -> Iterator[str]:
        for person in company.people.values():
            if person.id in company.boxes:
                yield person.extension
        for extension, queue in company.queue_extensions.items():
            if queue in company.boxes:
                yield extension

    @staticmethod
    def _aor(company: Company, dialled: str, person: str) -> str:
        return for_member(f"sip:{dialled}@{company.domain.lower()}", person)

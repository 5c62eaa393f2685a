"""Whose mailbox it is, and whether the caller may come in."""

from routing.caller_leg import tell
from routing.model import Company, VoicemailBox
from routing.pins import Pins, PinVerdict
from routing.ports import Caller, Clock, EventSink
from routing.voicemail.readers import box_of_extension, readers

MOST_ATTEMPTS = 3
FIRST_DIGIT_SECONDS = 8.0
DIGIT_SECONDS = 4.0
LONGEST = 20
"""Digits of an extension or a PIN."""


class Entrance:
    """Lets one caller in. From the phone of a reader without a PIN unless one is set; any other needs one."""

    def __init__(
        self,
        company: Company,
        pins: Pins,
        caller: Caller,
        person: str | None,
        emit: EventSink,
        clock: Clock,
    ) -> None:
        self._company = company
        self._pins = pins
        self._caller = caller
        self._person = person
        self._emit = emit
        self._clock = clock

    async def box(self, extension: str) -> VoicemailBox | None:
        """The box of the extension, else the caller's own, else the one asked for. None, and it is told, for nobody's.

        Raises CallerGone.
        """
        for _ in range(MOST_ATTEMPTS):
            box = self._own() if not extension and self._person is not None else None
            if box is None:
                box = box_of_extension(self._company, extension or await self._ask("pin/extension"))
            match await self._may_enter(box):
                case "right":
                    return box
                case "locked" | "away" as shut:
                    await self._tell(f"pin/{shut}")
                    return None
            await self._tell("pin/wrong")
            extension = ""
        return None

    def _own(self) -> VoicemailBox | None:
        """The person's own box, else the only one that the person reads."""
        if self._person in self._company.boxes:
            return self._company.boxes[self._person]
        read = [box for box in self._company.boxes.values() if self._person in readers(self._company, box)]
        return read[0] if len(read) == 1 else None

    async def _may_enter(self, box: VoicemailBox | None) -> PinVerdict:
        reads = box is not None and self._person is not None and self._person in readers(self._company, box)
        if reads and box is not None and not await self._pins.is_set(box.name):
            return "right"
        # Asked for and looked at whatever the extension: nobody shall learn which ones have a box.
        pin = await self._ask("pin/enter")
        return await self._pins.check(box.name if box is not None else "", pin, self._caller.number)

    async def _ask(self, prompt: str) -> str:
        """Digits up to # or a pause."""
        await tell(self._caller, [prompt], self._emit, self._clock, until_key=True)
        digits = ""
        while len(digits) < LONGEST:
            key = await self._caller.read_key(DIGIT_SECONDS if digits else FIRST_DIGIT_SECONDS)
            if key in (None, "#"):
                break
            digits += key or ""
        return digits

    async def _tell(self, *prompts: str) -> None:
        await tell(self._caller, prompts, self._emit, self._clock)

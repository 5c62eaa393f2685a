"""The boxes of one company, as its call flows see them."""

from collections.abc import Sequence
from pathlib import Path

from lampfield.voicemail.store import VoicemailStore
from routing.model import Company
from routing.voicemail.postbox import Draft, Message


class CompanyPostbox:
    """Fulfils `routing.voicemail.postbox.Postbox`."""

    def __init__(self, store: VoicemailStore, company: Company) -> None:
        self._store = store
        self._company = company

    def is_full(self, box: str) -> bool:
        return len(self.messages(box)) >= self._company.boxes[box].max_messages

    def greeting(self, box: str) -> Path | None:
        return self._store.greeting(self._company.id, box)

    async def begin(self, box: str, *, call: str, caller_number: str, caller_name: str) -> Draft:
        return await self._store.begin(
            self._store.new_message(
                self._company.id, box, call=call, caller_number=caller_number, caller_name=caller_name
            )
        )

    async def keep(self, draft: Draft) -> Message | None:
        return await self._store.keep(draft)

    async def discard(self, draft: Draft) -> None:
        await self._store.discard(draft)

    def messages(self, box: str) -> Sequence[Message]:
        return self._store.messages(self._company.id, box)

    def file(self, message: Message) -> Path:
        return self._store.sound(message)

    def heard(self, message: Message, *, call: str, person: str | None) -> Message:
        return self._store.heard(message, call=call, person=person)

    def save(self, message: Message) -> Message:
        return self._store.save(message)

    def delete(self, message: Message, *, call: str, person: str | None) -> Message:
        return self._store.delete(message, call=call, person=person)

    def restore(self, message: Message) -> Message:
        return self._store.restore(message)

    async def use_greeting(self, box: str, recording: Path) -> None:
        await self._store.use_greeting(self._company.id, box, recording)

    async def drop_greeting(self, box: str) -> None:
        await self._store.drop_greeting(self._company.id, box)

"""What the running server does with messages for the command line."""

from lampfield.control_socket import Outbox, Verb
from lampfield.voicemail.store import VoicemailStore


class VoicemailVerbs:
    """`voicemail-delete`: a message of a box, by id."""

    def __init__(self, store: VoicemailStore) -> None:
        self._store = store

    def table(self) -> dict[str, Verb]:
        return {"voicemail-delete": self._delete}

    async def _delete(self, arguments: dict[str, str], outbox: Outbox) -> None:
        message = self._store.get(arguments.get("message", ""))
        if message is None or message.deleted_at is not None:
            outbox.put({"error": f"message = {arguments.get('message', '')!r}: expected one that is there"})
            return
        self._store.delete(message, call=message.call, person=None)
        outbox.put("deleted")

"""What the running server does and tells for the API: queues and their members, texts, hours, voicemail.

Each verb answers one line: what was asked for, or `{"refused": {...}}` with what was wrong and what was expected.
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from lampfield.call_control.houses import Houses
from lampfield.company_hours import CompanyHours
from lampfield.control_socket import Outbox, Verb
from lampfield.presence.own_statuses import OwnStatuses
from lampfield.voicemail.store import VoicemailStore
from presence_pidf.status_text import NotUnderstood as StatusNotUnderstood
from presence_pidf.status_text import confirmed, meant
from routing.hours import next_change, situation
from routing.house import House
from routing.member_texts import NotUnderstood, TextWish, may_write, member_of, understood
from routing.ports import Clock
from routing.queue.events import Author
from routing.queue.runner import QueueRunner
from routing.queue.view import MemberView, view
from routing.switches import ROUND
from routing.voicemail.postbox import Message


class RefusedVerb(Exception):
    """What was asked cannot be done: `where` names the argument, `value` is what it was."""

    def __init__(self, status: int, where: str, value: str, expected: str) -> None:
        super().__init__(f"{where} = {value!r}: expected {expected}")
        self.status, self.where, self.value, self.expected = status, where, value, expected


Answer = Callable[[House, dict[str, str]], Any]


def verb_of(houses: Houses, answer: Answer) -> Verb:
    """A verb that answers what `answer` gives for the company that is named, or why it is refused."""

    async def serve(arguments: dict[str, str], outbox: Outbox) -> None:
        try:
            company = arguments.get("company", "")
            house = houses.of_company(company)
            if house is None:
                raise RefusedVerb(404, "company", company, "one that the server has")
            outbox.put(answer(house, arguments))
        except RefusedVerb as refused:
            outbox.put({"refused": vars(refused)})

    return serve


class ApiVerbs:
    """One verb for each thing that the API does; `company` is always among the arguments, by id."""

    def __init__(
        self, houses: Houses, hours: CompanyHours, voicemail: VoicemailStore, statuses: OwnStatuses, clock: Clock
    ) -> None:
        self._houses = houses
        self._hours = hours
        self._voicemail = voicemail
        self._statuses = statuses
        self._clock = clock

    def table(self) -> dict[str, Verb]:
        answers: dict[str, Answer] = {
            "api-queues": self._queues,
            "api-queue": self._queue,
            "api-member": self._member,
            "api-text": self._text,
            "api-hours": self._all_hours,
            "api-switch": self._switch,
            "api-boxes": self._boxes,
            "api-messages": self._messages,
            "api-message": self._message,
            "api-message-heard": self._heard,
            "api-message-delete": self._delete,
        }
        return {name: verb_of(self._houses, answer) for name, answer in answers.items()}

    # Queues and their members.

    def _queues(self, house: House, _: dict[str, str]) -> Any:
        return [self._told(house, name) for name in house.queues]

    def _queue(self, house: House, arguments: dict[str, str]) -> Any:
        return self._told(house, self._named(house, arguments).queue.name)

    def _told(self, house: House, name: str) -> dict[str, Any]:
        told: dict[str, Any] = msgspec.to_builtins(view(house.queues[name].state, self._clock()))
        extensions = {queue: extension for extension, queue in house.company.queue_extensions.items()}
        members = [_member(house, member) for member in msgspec.convert(told["members"], list[MemberView])]
        return told | {"extension": extensions.get(name, ""), "members": members}

    def _named(self, house: House, arguments: dict[str, str]) -> QueueRunner:
        name = arguments.get("queue", "")
        if name not in house.queues:
            raise RefusedVerb(404, "queue", name, one_of(house.queues))
        return house.queues[name]

    def _member(self, house: House, arguments: dict[str, str]) -> Any:
        """Change one member of one queue by `do`: activate, deactivate, pause (with `reason`), resume.

        `by` is the name of the token that asks, or with `way` command the login of who typed it.
        """
        by = Author("command" if arguments.get("way") == "command" else "api", arguments.get("by", ""))
        runner, member = self._named(house, arguments), arguments.get("member", "")
        if member not in runner.queue.members:
            raise RefusedVerb(404, "member", member, one_of(runner.queue.members))
        reason = arguments.get("reason", "")
        match arguments.get("do", ""):
            case "activate":
                runner.activate(member, by)
            case "deactivate":
                runner.deactivate(member, by)
            case "pause":
                if reason and reason not in house.company.pause_reasons:
                    raise RefusedVerb(422, "reason", reason, one_of(house.company.pause_reasons))
                runner.pause(member, reason, by)
            case "resume":
                runner.resume(member, by)
            case other:
                raise RefusedVerb(422, "do", other, "activate, deactivate, pause or resume")
        return self._standing(house, runner, member)

    def _standing(self, house: House, runner: QueueRunner, member: str) -> dict[str, Any]:
        members = view(runner.state, self._clock()).members
        return _member(house, next(each for each in members if each.person == member))

    def _text(self, house: House, arguments: dict[str, str]) -> Any:
        """Do what a member wrote from `from`; the answer is a text to send back."""
        number = arguments.get("from", "")
        if not may_write(house.company, number):
            raise RefusedVerb(403, "from", number, "one of the company's text_senders")
        member = member_of(house.company, number)
        if member is None:
            raise RefusedVerb(404, "from", number, "the outside number of a person, or a number that is a member")
        text = arguments.get("text", "")
        if meant(text.partition(" ")[0]) is not None and member in house.company.people:
            return self._status_text(house, member, text)
        try:
            wish = understood(house.company, member, text)
        except NotUnderstood as fault:
            return {"member": member, "understood": False, "text": str(fault)}
        for name in wish.queues:
            _carry_out(wish, house.queues[name], member, Author("text", number))
        return {"member": member, "understood": True, "text": self._standing_text(house, wish.queues, member)}

    def _status_text(self, house: House, person: str, text: str) -> Any:
        try:
            wish = self._statuses.say(house.company, person, text)
        except StatusNotUnderstood as fault:
            return {"member": person, "understood": False, "text": str(fault)}
        return {"member": person, "understood": True, "text": confirmed(wish)}

    def _standing_text(self, house: House, queues: Collection[str], member: str) -> str:
        told = []
        for name in queues:
            standing = self._standing(house, house.queues[name], member)
            state = "active" if standing["active"] else "passive"
            if standing["paused_since"] is not None:
                state += f", paused ({standing['pause_reason']})" if standing["pause_reason"] else ", paused"
            told.append(f"{name}: {state}")
        return "; ".join(told) or "You are a member of no queue"

    # Hours.

    def _all_hours(self, house: House, _: dict[str, str]) -> Any:
        return [self._hours_told(house, name) for name in house.company.hours]

    def _switch(self, house: House, arguments: dict[str, str]) -> Any:
        name, position = arguments.get("hours", ""), arguments.get("position", "")
        if name not in house.company.hours:
            raise RefusedVerb(404, "hours", name, one_of(house.company.hours))
        wanted = next((known for known in ROUND if known == position), None)
        if wanted is None:
            raise RefusedVerb(422, "position", position, one_of(ROUND))
        self._hours.switches(house.company).turn(name, wanted)
        return self._hours_told(house, name)

    def _hours_told(self, house: House, name: str) -> dict[str, Any]:
        hours, now = house.company.hours[name], self._clock()
        changes = house.changes(hours)
        found = situation(hours, now, changes)
        return {
            "hours": name,
            "open": found.open,
            "why": found.why,
            "position": changes.switch,
            "until": next_change(hours, now, changes),
        }

    # Voicemail.

    def _boxes(self, house: House, _: dict[str, str]) -> Any:
        return [self._box_told(house, name) for name in house.company.boxes]

    def _box_told(self, house: House, name: str) -> dict[str, Any]:
        messages = self._voicemail.messages(house.company.id, name)
        new = sum(message.is_new for message in messages)
        return {"box": name, "new": new, "heard": len(messages) - new, "most": house.company.boxes[name].max_messages}

    def _messages(self, house: House, arguments: dict[str, str]) -> Any:
        box = arguments.get("box", "")
        if box not in house.company.boxes:
            raise RefusedVerb(404, "box", box, one_of(house.company.boxes))
        return [_message(message) for message in self._voicemail.messages(house.company.id, box)]

    def _message(self, house: House, arguments: dict[str, str]) -> Any:
        message = self._found(house, arguments)
        return _message(message) | {"path": str(self._voicemail.sound(message))}

    def _heard(self, house: House, arguments: dict[str, str]) -> Any:
        message = self._found(house, arguments)
        return _message(self._voicemail.heard(message, call=message.call, person=None))

    def _delete(self, house: House, arguments: dict[str, str]) -> Any:
        message = self._found(house, arguments)
        return _message(self._voicemail.delete(message, call=message.call, person=None))

    def _found(self, house: House, arguments: dict[str, str]) -> Message:
        named = arguments.get("message", "")
        message = self._voicemail.get(named)
        # Another company's is as unknown as one that never was.
        if message is None or message.deleted_at is not None or message.company != house.company.id:
            raise RefusedVerb(404, "message", named, "the id of a message that is there")
        return message


def _carry_out(wish: TextWish, runner: QueueRunner, member: str, by: Author) -> None:
    match wish.wanted:
        case "active":
            runner.activate(member, by)
            runner.resume(member, by)
        case "passive":
            runner.deactivate(member, by)
        case "pause":
            runner.pause(member, wish.reason, by)
        case "resume":
            runner.resume(member, by)


def _member(house: House, member: MemberView) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(member)
    person = house.company.people.get(member.person)
    return told | {"member": told.pop("person"), "name": person.name if person is not None else member.person}


def _message(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in told.items() if name not in ("company", "deleted_at")}


def one_of(names: Collection[str]) -> str:
    return f"one of {', '.join(names)}" if names else "nothing, for there is none"

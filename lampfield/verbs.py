"""All that the signalling process answers over its control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lampfield.api_verbs import ApiVerbs
from lampfield.control_verbs import ControlVerbs
from lampfield.health import status
from lampfield.person_verbs import PersonVerbs
from lampfield.presence.verbs import PresenceVerbs
from lampfield.voicemail.verbs import VoicemailVerbs

if TYPE_CHECKING:
    from lampfield.control_socket import Verb
    from lampfield.parts import Parts


def verbs_of(parts: Parts) -> dict[str, Verb]:
    """Each verb by its name."""
    reloading, store = parts.reloading, parts.voicemail.store
    return (
        ControlVerbs(
            parts.live,
            parts.events,
            parts.trace,
            lambda: parts.door.directory,
            lambda: status(parts),
            reloading.companies,
            reloading.sounds,
        ).table()
        | VoicemailVerbs(store).table()
        | PersonVerbs(parts.houses, parts.lamps).table()
        | parts.consents.table()
        | parts.locations.table()
        | PresenceVerbs(parts.lamps, parts.sweeper, parts.clock).table()
        | {
            "hours": parts.houses.tell_hours,
            "adapters": parts.intake.verb,
            "follow-states": parts.status_feed.verb,
        }
        | ApiVerbs(parts.houses, parts.hours, store, parts.own_statuses, parts.clock).table()
    )

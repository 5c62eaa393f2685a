"""Menus (IVR) and what they ask others."""

import msgspec

from routing.model.destination import Destination


class Menu(msgspec.Struct, frozen=True):
    """A menu of keys and of numbers with several digits."""

    name: str
    prompt: str
    keys: dict[str, Destination]
    """By what is pressed: one of 0-9 * #, or several digits."""
    silence_seconds: float = 5.0
    digit_seconds: float = 3.0
    """How long the next digit of a number is awaited; # ends it at once."""
    silence_prompt: str = "please-choose"
    invalid_prompt: str = "invalid-choice"
    attempts: int = 3
    """How often the menu is told in all; silence and wrong keys each use one, and the last leads to its destination."""
    silence_attempts: int = 0
    """How many silences lead to `silence_destination`; 0 leaves it to `attempts`."""
    invalid_attempts: int = 0
    """How many wrong keys lead to `invalid_destination`; 0 leaves it to `attempts`."""
    operator: Destination | None = None
    """Where key 0 leads when `keys` does not say."""
    timeout_destination: Destination = Destination("hangup")
    silence_destination: Destination | None = None
    """None is `timeout_destination`."""
    invalid_destination: Destination | None = None
    """None is `timeout_destination`."""
    extensions: bool = False
    """Callers may dial the extension of a person, a queue or a menu."""
    customer_numbers: Destination | None = None
    """Where a number that is no key and no extension leads: it is noted as the customer's number. None refuses it."""
    barge_in: bool = True
    """A key cuts the prompt; else it counts when the prompt has been heard."""
    language: str | None = None
    """From here on everything speaks this language."""
    priorities: dict[str, int] = {}
    """Priority in queues that a choice gives, by key."""


class Lookup(msgspec.Struct, frozen=True):
    """A question to the company's own server: where does this caller go?"""

    name: str
    url: str
    destinations: dict[str, Destination]
    """By the word that the server answers."""
    otherwise: Destination
    """Where the call goes when the server is slow, away, or answers something else."""
    secret_name: str = ""
    """Name of the secret, in the server's configuration, that signs the request (HMAC-SHA256)."""
    timeout_seconds: float = 2.0
    wait_prompt: str = "please-hold"
    """Told to who has been answered when the server takes longer than half a second; empty for none."""
    wait_music: str = ""
    """Music list played until the answer comes, from the same moment; empty for none."""

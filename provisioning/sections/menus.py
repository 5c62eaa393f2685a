"""Menus, and what they ask the company's own server."""

from provisioning.company_kinds import CHOICE, DESTINATION, LANGUAGES, MUSIC, PRIORITY, PROMPT, SECRET, WEB_ADDRESS
from provisioning.kinds import choice, flag, optional, perhaps, seconds, text, whole
from provisioning.sections.forms import Field, TableOf
from provisioning.sections.section import Section
from routing.model import Lookup, Menu

_KEY = text("one of the keys 0-9, * and #, or a number of 2 to 12 digits", r"[0-9*#]|[0-9]{2,12}")
_ELSEWHERE = optional(DESTINATION, empty="as timeout_destination")
_COUNT = whole(1, 20, or_zero="as attempts says")

MENUS = Section(
    "menus",
    Menu,
    (
        Field("prompt", PROMPT, "What tells the choices."),
        Field("keys", TableOf(_KEY, CHOICE, "KEY"), "Where a key, or a number of several digits, leads."),
        Field("operator", optional(CHOICE, empty="none"), "Where key 0 leads when `keys` does not say."),
        Field("extensions", flag(), "Callers may dial the extension of a person, a queue or a menu."),
        Field(
            "customer_numbers",
            optional(CHOICE, empty="refused"),
            "Where a number leads that is no key and no extension; it is noted as the customer's number.",
        ),
        Field("barge_in", flag(), "A key cuts the prompt."),
        Field(
            "language",
            optional(choice(*LANGUAGES), empty="as before"),
            "From this menu on everything speaks this language.",
        ),
        Field("priorities", TableOf(_KEY, PRIORITY, "KEY"), "Priority in queues that a choice gives."),
        Field("silence_seconds", seconds(1, 60), "How long a key is awaited after the prompt."),
        Field("digit_seconds", seconds(0.5, 30), "How long the next digit of a number is awaited; # ends it at once."),
        Field("silence_prompt", PROMPT, "Played before the prompt is told again, when no key came."),
        Field("invalid_prompt", PROMPT, "Played before the prompt is told again, when the key leads nowhere."),
        Field("attempts", whole(1, 20), "How often the menu is told in all; silence and wrong keys each use one."),
        Field("silence_attempts", _COUNT, "How many silences lead to `silence_destination`."),
        Field("invalid_attempts", _COUNT, "How many wrong keys lead to `invalid_destination`."),
        Field("timeout_destination", DESTINATION, "Where the call goes after the last attempt."),
        Field("silence_destination", _ELSEWHERE, "Where the call goes after the last silence."),
        Field("invalid_destination", _ELSEWHERE, "Where the call goes after the last wrong key."),
    ),
    "A menu of keys and of numbers with several digits.",
    called="NAME",
    example="menus.main",
    kind="menu",
    extensions="menu_extensions",
)
LOOKUPS = Section(
    "lookups",
    Lookup,
    (
        Field("url", WEB_ADDRESS, "Where the question is sent."),
        Field(
            "destinations",
            TableOf(text("a word of letters, digits, - and _", r"[A-Za-z0-9_-]{1,63}"), DESTINATION, "ANSWER"),
            "Where the call goes, by the word that is answered.",
        ),
        Field("otherwise", DESTINATION, "Where the call goes when the server is slow, away or answers something else."),
        Field(
            "secret_name",
            perhaps(SECRET, empty="not signed"),
            "Name of the secret, in the server's configuration, that signs the question (HMAC-SHA256).",
        ),
        Field("timeout_seconds", seconds(0.1, 10), "How long the answer is awaited."),
        Field(
            "wait_prompt",
            perhaps(PROMPT, empty="none"),
            "Told when the answer takes longer than half a second, to callers who have been answered.",
        ),
        Field("wait_music", perhaps(MUSIC, empty="none"), "The music list played meanwhile, from the same moment."),
    ),
    "A question to the company's own server: where does this caller go? A destination `lookup:NAME` asks it.",
    called="NAME",
    example="lookups.customers",
    kind="lookup",
)

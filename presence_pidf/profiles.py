"""What phones need beyond the RFCs, as data: one profile for each family of User-Agent."""

import re
from functools import lru_cache

import msgspec


class Profile(msgspec.Struct, frozen=True):
    """How documents are rendered, and how often sent, for one family of phones."""

    name: str
    user_agent: str = ""
    """Regular expression that is searched in the User-Agent, without regard to case."""
    idle_dialog: bool = False
    """Show somebody who has no call as one terminated dialog instead of none."""
    single_dialog: bool = False
    """Show only the dialog that counts most."""
    calling_is_busy: bool = False
    """Show who calls somebody and has no answer yet as in a call: the phone would blink as for who is called."""
    partial_dialogs: bool = False
    """Takes the dialogs that have changed instead of all (RFC 4235 §4.1)."""
    content_types: tuple[str, ...] = ()
    """Content types that the phone is sent wherever it says to take them, whatever it says to like better."""
    most_listed: int = 0
    """The most resources that the phone takes in one NOTIFY of a list; 0 is without limit."""
    list_event: str = ""
    """How the event of a presence list is spelled in its NOTIFYs; empty: as the phone spells it."""
    bare_cid: bool = False
    """Finds the parts of a list by a Content-ID that stands without angle brackets."""
    most_per_second: float = 0.0
    """The most NOTIFYs a second that the phone takes, over all its subscriptions; 0 is without limit."""


PLAIN = Profile("plain")
"""By the RFCs; for phones that have no profile."""

PROFILES = (
    # COMPAT(Yealink): takes a list of dialogs without a <dialog> as "no such extension", and the lamp goes dark.
    Profile("yealink", r"^Yealink", idle_dialog=True),
    # COMPAT(Snom): blinks for `recipient` only, and picks up by Replaces with the call-id and both tags; some take
    # seconds to answer a NOTIFY. What the RFCs say is all it needs.
    Profile("snom", r"^snom"),
    # COMPAT(Poly SoundPoint): says to take PIDF and understands XPIDF alone.
    Profile(
        "poly-soundpoint",
        r"^Polycom\s?Sound(Point|Station)",
        single_dialog=True,
        content_types=("application/xpidf+xml",),
    ),
    # COMPAT(Poly): ignores ringing after in-use when told of both at once, so only what counts most is told.
    Profile("poly", r"^Poly", single_dialog=True),
    # COMPAT(Cisco SPA): its lamp follows one dialog element, and blinks also for who calls.
    Profile("cisco-spa", r"^(Cisco|Linksys)/SPA", single_dialog=True, calling_is_busy=True),
    # COMPAT(Cisco MPP): its lamp follows one dialog element.
    Profile("cisco-mpp", r"^Cisco-CP-", single_dialog=True),
    # COMPAT(Grandstream): its own server tells three resources in a NOTIFY of a list at most.
    Profile("grandstream", r"^Grandstream", most_listed=3),
    # COMPAT(Fanvil): picks up by a code and the number, which stands in the entity; needs nothing else.
    Profile("fanvil", r"^Fanvil"),
    # COMPAT(Gigaset): as Fanvil.
    Profile("gigaset", r"Gigaset"),
    # COMPAT(Auerswald): takes ten NOTIFYs a second and loses what it has queued past 100.
    Profile("auerswald", r"^(Auerswald|COMfortel)", most_per_second=10.0),
    # COMPAT(Bria): keeps showing the last call until a dialog is told to be terminated; takes one dialog only.
    Profile("bria", r"\b(Bria|X-Lite)\b", idle_dialog=True, single_dialog=True),
    # COMPAT(Linphone): asks for the event "presence" and looks into a list only where it is told of "Presence";
    # compares the Content-ID of a part with the `cid` of the list letter by letter (both seen with 5.1).
    Profile("linphone", r"^Linphone", list_event="Presence", bare_cid=True),
    # COMPAT(MicroSIP): `closed` is away, `open` with RPID activities is busy; what the RFCs say.
    Profile("microsip", r"^MicroSIP"),
    # COMPAT(Zoiper): as MicroSIP.
    Profile("zoiper", r"^(Zoiper|Z )"),
    # COMPAT(innovaphone): takes dialogs and presence as the RFCs say, also several dialogs.
    Profile("innovaphone", r"innovaphone|^\(?IP\d"),
    # COMPAT(Avaya J100): gives up its subscriptions where a 401 for an old nonce lacks `stale=true`
    # (sipcore.authenticator); its lamps need nothing.
    Profile("avaya", r"^Avaya"),
    # COMPAT(Panasonic): as the RFCs say.
    Profile("panasonic", r"^Panasonic"),
    # Our own watcher counts versions, and asks anew where one is missing.
    Profile("lampfield", r"^Lampfield", partial_dialogs=True),
)

_BY_NAME = {profile.name: profile for profile in (PLAIN, *PROFILES)}


@lru_cache(maxsize=1000)
def profile_of(user_agent: str) -> Profile:
    """The profile of the phone that calls itself `user_agent`, `PLAIN` when none fits."""
    for profile in PROFILES:
        if re.search(profile.user_agent, user_agent, re.IGNORECASE):
            return profile
    return PLAIN


@lru_cache(maxsize=1000)
def shared_profile_of(user_agent: str) -> Profile:
    """As `profile_of`, but the first of those that need the same, so that their documents are rendered once."""
    profile = profile_of(user_agent)
    return next(other for other in (PLAIN, *PROFILES) if _needs(other) == _needs(profile))


def _needs(profile: Profile) -> Profile:
    return msgspec.structs.replace(profile, name="", user_agent="")


def profile_named(name: str) -> Profile:
    """The profile of that name; `PLAIN` when a newer or older version knew one that this does not."""
    return _BY_NAME.get(name, PLAIN)

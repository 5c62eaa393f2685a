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
    most_per_second: float = 0.0
    """The most NOTIFYs a second that the phone takes, over all its subscriptions; 0 is without limit."""


PLAIN = Profile("plain")
"""By the RFCs; for phones that have no profile."""

PROFILES = (
    # COMPAT(Yealink): takes a list of dialogs without a <dialog> as "no such extension", and the lamp goes dark.
    Profile("yealink", r"^Yealink", idle_dialog=True),
    # COMPAT(Bria): keeps showing the last call until a dialog is told to be terminated; takes one dialog only.
    Profile("bria", r"\b(Bria|X-Lite)\b", idle_dialog=True, single_dialog=True),
    # COMPAT(Poly): ignores ringing after in-use when told of both at once, so only what counts most is told.
    Profile("poly", r"^Poly", single_dialog=True),
    # COMPAT(Cisco SPA): its lamp follows one dialog element.
    Profile("cisco-spa", r"^(Cisco|Linksys)/SPA", single_dialog=True),
    # COMPAT(Auerswald): takes ten NOTIFYs a second and loses what it has queued past 100.
    Profile("auerswald", r"^(Auerswald|COMfortel)", most_per_second=10.0),
)

_BY_NAME = {profile.name: profile for profile in (PLAIN, *PROFILES)}


@lru_cache(maxsize=1000)
def profile_of(user_agent: str) -> Profile:
    """The profile of the phone that calls itself `user_agent`, `PLAIN` when none fits."""
    for profile in PROFILES:
        if re.search(profile.user_agent, user_agent, re.IGNORECASE):
            return profile
    return PLAIN


def profile_named(name: str) -> Profile:
    """The profile of that name; `PLAIN` when a newer or older version knew one that this does not."""
    return _BY_NAME.get(name, PLAIN)

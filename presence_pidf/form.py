"""In which way a document is made for a watcher, and the name by which a subscription keeps it."""

from functools import lru_cache

import msgspec

from presence_pidf.profiles import Profile, profile_named

_KIND = ";"
DETAIL = "~"
"""Parts what the watcher may see from the rest of a form's name."""
_CODING = "|"
"""Parts what the notifier adds for itself; it is passed over."""


class Form(msgspec.Struct, frozen=True):
    """The phone's profile, which of a package's documents it takes, and how much the watcher may see."""

    profile: Profile
    kind: str = ""
    """Empty for the package's usual document."""
    detail: str = ""
    """Empty for everything there is."""

    @property
    def name(self) -> str:
        """`PROFILE[;KIND][~DETAIL]`, which `form_named` reads."""
        kind = f"{_KIND}{self.kind}" if self.kind else ""
        return f"{self.profile.name}{kind}{DETAIL}{self.detail}" if self.detail else f"{self.profile.name}{kind}"


@lru_cache(maxsize=1000)
def form_named(name: str) -> Form:
    """The form of that name, also where the notifier has added a coding; what an older version has kept is read too."""
    rest, _, detail = name.partition(_CODING)[0].partition(DETAIL)
    profile, _, kind = rest.partition(_KIND)
    return Form(profile_named(profile), kind, detail)

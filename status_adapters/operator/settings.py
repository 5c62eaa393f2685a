"""What an administrator sets of an operator's feed."""

# ruff: noqa: RUF009  every setting is immutable, so that it may be a default

from dataclasses import dataclass
from pathlib import Path

from provisioning.kinds import choice, optional, path, perhaps, seconds, text
from provisioning.problems import Problems
from provisioning.settings import required, setting
from status_adapters.operator.mapping import PRESET_NAMES, FeedMapping, preset, read_mapping
from status_adapters.registry import SECRET, URL
from status_adapters.webhook.settings import SOURCE_KIND


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """An operator's own feed of what mobiles do: busy or free, private number, position, roaming, forwarding, data.

    Operators' formats are not public: presets are a beginning, to be adjusted to what the operator has told you.
    """

    secret_name: str = required(SECRET, "telenor", "The secret: of pushes the signature's, else that of the log-in.")
    mode: str = setting(
        choice("long-poll", "poll", "push"), "long-poll", "Whether we ask, ask and wait, or are sent signed requests."
    )
    url: str = setting(perhaps(URL, empty="none, with push"), "", "Where the feed is asked, with poll and long-poll.")
    username: str = setting(
        perhaps(text("a user name"), empty="the secret is a bearer token"), "", "The log-in's name, with HTTP Basic."
    )
    preset: str = setting(choice(*PRESET_NAMES), "plain", "How the feed is laid out.")
    mapping: Path | None = setting(
        optional(path("a TOML file"), empty="the preset's"), "", "Your own layout, in the preset's place."
    )
    source: str = setting(
        SOURCE_KIND, "mobile", "The kind of source that it is, by which rules rank it: mobile, pbx, computer ..."
    )
    every_seconds: float = setting(seconds(0.2, 3600), 5, "Between two questions, with poll.")
    wait_seconds: float = setting(seconds(1, 600), 50, "How long a question may wait for news, with long-poll.")
    window_seconds: float = setting(
        seconds(5, 3600), 300, "How far the time of a push may be from ours; it is taken once within."
    )

    def layout(self, problems: Problems) -> FeedMapping:
        """The mapping; what is wrong with an own one is noted."""
        return preset(self.preset) if self.mapping is None else read_mapping(self.mapping, problems)


def check(settings: OperatorSettings, key: str, problems: Problems) -> None:
    """Note what is wrong between settings, and in an own mapping."""
    if settings.mode != "push" and not settings.url:
        problems.missing(f"{key}.url", f'where the feed is asked, as mode is "{settings.mode}"')
    if settings.mode == "push" and settings.url:
        problems.add(f"{key}.url", settings.url, 'left out, as mode is "push"')
    own = Problems()
    settings.layout(own)
    for sentence in own.sentences:
        problems.sentences.append(f"{key}.mapping ({settings.mapping}): {sentence}")


def takes_hooks(settings: OperatorSettings) -> bool:
    return settings.mode == "push"

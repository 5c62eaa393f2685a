"""Statuses: which source of a person's state wins for what."""

from typing import get_args

from presence_pidf.merge_rules import SourceKind
from presence_pidf.status_report import Activity
from provisioning.kinds import days, list_of, seconds, text
from provisioning.sections.forms import Field, TableOf

_KINDS = ", ".join(get_args(SourceKind))
_ACTIVITIES = "|".join(get_args(Activity))
_SOURCE_KIND = text(f"a kind of source ({_KINDS} or your own)", r"[a-z][a-z0-9_-]*", max_length=63)
_SOURCE = text(
    f"a kind of source ({_KINDS} or your own), alone or with an activity, such as mobile/on-the-phone",
    rf"[a-z][a-z0-9_-]*(/({_ACTIVITIES}))?",
    max_length=63,
)

STATUSES = (
    Field("order", list_of(_SOURCE), "Which source wins, the strongest first; with an activity for that alone."),
    Field("notes", list_of(_SOURCE), "The same for whose note and return are shown; without it as `order`."),
    Field("forwarding", list_of(_SOURCE), "The same for who is believed of forwarding; without it as `order`."),
    Field(
        "stale_seconds",
        TableOf(_SOURCE_KIND, seconds(1, 31 * 86400, or_zero="for ever"), "KIND"),
        "How long a source of a kind may say nothing at all before it counts no more.",
    ),
    Field(
        "location_hours",
        seconds(0.01, 8784, or_zero="not at all", unit="hours"),
        "How long it is kept where people are, of those who have agreed to it.",
    ),
    Field("history_days", days(0.01, 3650, or_zero="not at all"), "How long people's past states are kept."),
)

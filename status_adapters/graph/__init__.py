"""Microsoft 365 by Graph: presence and calendars in, calls out.

`api`            requests and errors
`directory`      who is who
`presence`       presence, and what its words mean here
`subscriptions`  change notifications
`schedule`       when people are busy
`telling`        calls here, shown to Teams
`settings`       what an administrator sets
`adapter`        all of them
"""

from status_adapters.graph.adapter import GraphAdapter
from status_adapters.graph.settings import GraphSettings, check
from status_adapters.registry import AdapterKind

__all__ = ["KIND", "GraphAdapter", "GraphSettings"]

KIND = AdapterKind(GraphSettings, GraphAdapter, check, lambda settings: bool(settings.watcher_secret_name))

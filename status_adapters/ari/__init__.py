"""Links to Asterisk by its REST interface: devices' states in, people's states out.

`states`     what device states mean
`session`    events by WebSocket, questions and orders by REST
`settings`   what an administrator sets
`adapter`    a link
"""

from status_adapters.ari.adapter import AriAdapter
from status_adapters.ari.settings import AriSettings, check
from status_adapters.registry import AdapterKind

__all__ = ["KIND", "AriAdapter", "AriSettings"]

KIND = AdapterKind(AriSettings, AriAdapter, check)

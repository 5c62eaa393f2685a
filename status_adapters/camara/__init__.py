"""Mobile operators' APIs as CAMARA defines them, for those who have consented.

`purposes`       what may be asked for
`answers`        what operators answer, and what it means here
`known`          what is known of one person's mobile
`api`            requests and errors
`subscriptions`  subscriptions, renewed before they end
`sink`           where operators bring events
`settings`       what an administrator sets
`adapter`        all of them
"""

from status_adapters.camara.adapter import CamaraAdapter
from status_adapters.camara.settings import CamaraSettings, check
from status_adapters.registry import AdapterKind

__all__ = ["KIND", "CamaraAdapter", "CamaraSettings"]

KIND = AdapterKind(CamaraSettings, CamaraAdapter, check, lambda settings: bool(settings.subscriptions))

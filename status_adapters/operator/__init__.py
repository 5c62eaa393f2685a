"""An operator's own feed of statuses: pushed, polled or long-polled, in the operator's names for things."""

from status_adapters.operator.adapter import OperatorFeed
from status_adapters.operator.settings import OperatorSettings, check, takes_hooks
from status_adapters.registry import AdapterKind

KIND = AdapterKind(OperatorSettings, OperatorFeed, check, takes_hooks)

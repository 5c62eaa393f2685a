"""The generic webhook: any program with the secret says by HTTP what people do."""

from status_adapters.registry import AdapterKind
from status_adapters.webhook.adapter import Webhook
from status_adapters.webhook.settings import WebhookSettings

KIND = AdapterKind(WebhookSettings, Webhook, takes_hooks=lambda settings: True)

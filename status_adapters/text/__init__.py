"""Texts by which people say what they do, from an SMS gateway."""

from status_adapters.registry import AdapterKind
from status_adapters.text.adapter import TextGateway
from status_adapters.text.settings import TextSettings

KIND = AdapterKind(TextSettings, TextGateway, takes_hooks=lambda settings: True)

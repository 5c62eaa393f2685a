"""Links to innovaphone PBXs by SOAP: their users' calls and presence in, people's states out.

`soap`       requests and results as XML
`session`    a session with a PBX, its operations in our words
`members`    the monitored users
`settings`   what an administrator sets
`adapter`    a link
"""

from status_adapters.innovaphone.adapter import InnovaphoneAdapter
from status_adapters.innovaphone.settings import InnovaphoneSettings
from status_adapters.registry import AdapterKind

__all__ = ["KIND", "InnovaphoneAdapter", "InnovaphoneSettings"]

KIND = AdapterKind(InnovaphoneSettings, InnovaphoneAdapter)

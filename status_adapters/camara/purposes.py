"""What operators are asked for: each purpose with its API, its path and its scopes."""

import msgspec


class Purpose(msgspec.Struct, frozen=True):
    """One purpose a person may consent to."""

    name: str
    path: str
    """Of retrieving, below the operator's apiRoot."""
    scope: str
    subscriptions: str = ""
    """The path of its subscriptions, empty where there are none."""
    events: tuple[str, ...] = ()
    """The types of events that are subscribed to, one subscription each."""
    event_root: str = ""

    @property
    def event_types(self) -> tuple[str, ...]:
        """In full."""
        return tuple(self.event_root + event for event in self.events)

    @property
    def scopes(self) -> tuple[str, ...]:
        """All that a token for it has to have."""
        if not self.subscriptions:
            return (self.scope,)
        api = self.subscriptions.split("/")[1]
        return (self.scope, *(f"{api}:{event}:create" for event in self.event_types), f"{api}:delete")


PURPOSES: dict[str, Purpose] = {
    purpose.name: purpose
    for purpose in (
        Purpose(
            "reachability",
            "/device-reachability-status/v1/retrieve",
            "device-reachability-status:read",
            "/device-reachability-status-subscriptions/v0.8/subscriptions",
            ("reachability-data", "reachability-sms", "reachability-disconnected"),
            "org.camaraproject.device-reachability-status-subscriptions.v0.",
        ),
        Purpose(
            "roaming",
            "/device-roaming-status/v1/retrieve",
            "device-roaming-status:read",
            "/device-roaming-status-subscriptions/v0.8/subscriptions",
            ("roaming-status",),
            "org.camaraproject.device-roaming-status-subscriptions.v0.",
        ),
        Purpose(
            "forwarding",
            "/call-forwarding-signal/v0.4/call-forwardings",
            "call-forwarding-signal:call-forwardings:read",
        ),
        Purpose("location", "/location-retrieval/v0.5/retrieve", "location-retrieval:read"),
        Purpose(
            "network",
            "/connected-network-type/v0.2/retrieve",
            "connected-network-type:read",
            "/connected-network-type-subscriptions/v0.2/subscriptions",
            ("network-type-changed",),
            "org.camaraproject.connected-network-type-subscriptions.v0.",
        ),
    )
}
"""By name."""

"""What the challenges of a trunk are answered with, by its name: for calls that have outlived the process."""

import pytest

from lampfield.config_sections import Trunk
from sipcore.digest import Credentials
from tests.lampfield.test_trunks import Us, account
from tests.support import virtual_time


@pytest.mark.parametrize(
    ("trunk", "credentials"),
    [("main", Credentials("lamp", "hemmelig")), ("gateway", None), ("gone since", None), ("", None)],
)
def test_credentials_are_found_by_the_trunks_name(trunk: str, credentials: Credentials | None) -> None:
    async def scenario() -> Credentials | None:
        gateway = Trunk("gateway", "address", "192.0.2.9")
        return Us([account(), gateway], lambda uri: []).trunks.credentials(trunk)

    assert virtual_time.run(scenario()) == credentials

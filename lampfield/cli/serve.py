"""`lampfield serve`: the server itself."""

import asyncio

from lampfield.child import ChildFailed
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up
from lampfield.logs import start_logging
from lampfield.supervisor import Supervisor
from sipcore.io.listener import ListenError


def serve(config: ConfigOption = None) -> None:
    """Run Lampfield until Ctrl-C or SIGTERM. SIGHUP reads the companies anew.

    Examples:  lampfield serve      lampfield serve --config /etc/lampfield/lampfield.toml
    """
    configuration = configuration_of(config)
    start_logging(configuration.log.level)
    try:
        supervisor = Supervisor(config, configuration)
        asyncio.run(supervisor.run())
    except (ListenError, ChildFailed, OSError) as error:
        give_up(f"Lampfield cannot start: {error}")

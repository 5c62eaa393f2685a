"""A server of its own in a folder that goes away again, with the example company and an outside world."""

import asyncio
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lampfield.child import Child
from lampfield.configuration import Configuration, load
from lampfield.database import open_database, upgrade
from lampfield.supervisor import Supervisor
from media.client import MediaClient
from media.clips import ClipStore
from media.prompts.library import PromptLibrary
from provisioning.accounts import new_password
from provisioning.company_file import read_company
from provisioning.company_import import import_company
from provisioning.problems import Problems
from routing.model import Company
from sipcore.flow import Address
from status_adapters.simulated.loopback import LoopbackServer
from status_adapters.simulated.operator import SECRET, USER, SimulatedOperator
from status_adapters.simulated.world import SimulatedWorld

_INSTALLED = Path(__file__).with_name("nordlys.toml")
EXAMPLE = _INSTALLED if _INSTALLED.exists() else Path(__file__).parents[2] / "examples" / "nordlys.toml"
SERVER_HOST = "127.0.0.1"
OUTSIDE_HOST = "127.0.0.2"
"""Where the demo's telephone network lives; the server knows it as a trunk."""
SIP_PORT = 5060
OPERATORS_PORT = 8099
PHONE_RTP_PORTS = "40000-40099"
MOBILE_OF = "freja"
MOBILE = "+4540506070"
"""Her mobile's number, of which the simulated operator tells."""


class DemoCannotStart(Exception):
    """Something on this machine is in the way; the text says what."""


@dataclass(frozen=True)
class Account:
    """What a softphone needs to join."""

    user: str
    name: str
    extension: str
    password: str


class World:
    """The server and the phones' media engine. Use `start`, and `stop` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port(SIP_PORT)
        self._operators_port = free_port(OPERATORS_PORT)
        self._operators = SimulatedWorld(time.time)
        self._operators_server = LoopbackServer(self._operators, self._operators_port)
        self.company = self._company()
        self.configuration = self._configuration()
        self.accounts = self._accounts()
        self.media = MediaClient(lambda event: None)
        self._phones_media = Child(
            "phones' media", "media.process", ["--control", str(folder / "phones.sock"), "--ports", PHONE_RTP_PORTS]
        )
        self._clips = ClipStore(folder / "voice")
        self.server: asyncio.Task[None] | None = None

    @property
    def address(self) -> Address:
        """Where the server listens."""
        return SERVER_HOST, self.port

    async def start(self) -> asyncio.Task[None]:
        """The server's task, when it answers. Raises ChildFailed."""
        await self._operators_server.start()
        started = asyncio.Event()
        supervisor = Supervisor(self._folder / "lampfield.toml", self.configuration)
        self.server = asyncio.ensure_future(supervisor.run(started))
        starting = asyncio.ensure_future(started.wait())
        await asyncio.wait({self.server, starting}, return_when=asyncio.FIRST_COMPLETED)
        if not started.is_set():
            starting.cancel()
            await self.server
            raise DemoCannotStart("the server ended while it started")
        await self._phones_media.start()
        await self.media.connect(self._folder / "phones.sock")
        return self.server

    async def stop(self) -> None:
        await self._clips.close()
        await self.media.disconnect()
        await self._phones_media.stop(5.0)
        if self.server is not None:
            self.server.cancel()
            await asyncio.wait({self.server})
        await self._operators.close()
        await self._operators_server.stop()

    def operator_says(self, activity: str) -> None:
        """Have the mobile network tell what `MOBILE_OF` does on the mobile."""
        operator = self._operators.servers["operator"]
        assert isinstance(operator, SimulatedOperator)
        operator.say(MOBILE, activity=activity)

    async def voice(self) -> list[Path]:
        """What the phones say to each other."""
        return [await self._clips.clip(PromptLibrary().find("greeting", self.company.language), "PCMA")]

    def _company(self) -> Company:
        problems = Problems()
        company = read_company(EXAMPLE, problems)
        if problems:
            raise DemoCannotStart("; ".join(problems.sentences))
        # The demo is played at any hour, so its company is always open.
        numbers = {number: msgspec.structs.replace(main, hours=None) for number, main in company.main_numbers.items()}
        mobile = msgspec.structs.replace(company.people[MOBILE_OF], mobile=MOBILE)
        return msgspec.structs.replace(company, main_numbers=numbers, people=company.people | {MOBILE_OF: mobile})

    def _configuration(self) -> Configuration:
        file = self._folder / "lampfield.toml"
        listen = f'["udp:{SERVER_HOST}:{self.port}", "tcp:{SERVER_HOST}:{self.port}"]'
        (self._folder / "operator-secret").write_text(SECRET)
        file.write_text(
            f'state_directory = "state"\n\n[sip]\nlisten = {listen}\n\n[log]\nlevel = "warning"\n\n'
            "[restart]\nspare = false\n\n[shutdown]\ndrain_seconds = 0\n\n"
            f'[trunks.outside]\nkind = "address"\nhost = "{OUTSIDE_HOST}"\n\n'
            f'[secrets.operator]\nfile = "operator-secret"\n\n'
            f'[adapters.operator]\nkind = "operator"\npreset = "telenor"\nsecret_name = "operator"\n'
            f'username = "{USER}"\nurl = "http://{SERVER_HOST}:{self._operators_port}/operator/telenor/status"\n'
        )
        return load(file)

    def _accounts(self) -> dict[str, Account]:
        self.configuration.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = open_database(self.configuration.database_url)
        upgrade(database)
        imported = import_company(database, self.company, new_password=new_password)
        database.dispose()
        return {
            person.id: Account(person.id, person.name, person.extension, imported.passwords[person.id])
            for person in self.company.people.values()
        }


def free_port(wanted: int) -> int:
    """`wanted` when UDP and TCP are free there on loopback, else any free one."""
    for port in (wanted, 0):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            try:
                udp.bind((SERVER_HOST, port))
                chosen: int = udp.getsockname()[1]
                tcp.bind((SERVER_HOST, chosen))
            except OSError:
                continue
            return chosen
    raise DemoCannotStart(f"no free port on {SERVER_HOST}")

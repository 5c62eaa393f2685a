"""Where SIP URIs lead, by a real DNS server on loopback (RFC 3263, RFC 2782)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from sipcore.io.resolver import LOOK_SECONDS, DnsResolver
from sipcore.locate import Srv, Target, order_srv
from sipcore.uri import SipUri, parse_uri
from tests.support import virtual_time
from tests.support.dns_server import DnsServer

ZONE = """
naptr       300 IN NAPTR 20 50 "s" "SIP+D2U" "" _sip._udp.naptr
naptr       300 IN NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp.naptr
naptr       300 IN NAPTR 15 50 "S" "sip+d2t" "" _sip._tcp.naptr
naptr       300 IN NAPTR 5 50 "u" "E2U+sip" "!^.*$!sip:x@y!" .
_sip._udp.naptr  300 IN SRV 10 0 5060 one
_sip._udp.naptr  300 IN SRV 20 0 5070 two
_sip._tcp.naptr  300 IN SRV 10 0 5080 two
srv         300 IN A 127.0.0.99
_sip._udp.srv    300 IN SRV 20 0 5062 two
_sip._udp.srv    300 IN SRV 10 0 5061 one
plain       300 IN A 127.0.0.3
plain       300 IN AAAA ::3
one         300 IN A 127.0.0.1
two         300 IN A 127.0.0.2
many        300 IN A 127.0.0.6
many        300 IN A 127.0.0.7
short       0 IN A 127.0.0.5
_sip._udp.off    300 IN SRV 0 0 0 .
off         300 IN A 127.0.0.9
brief       300 IN A 127.0.0.80
_sip._udp.brief  0 IN SRV 10 0 5061 one
_sip._udp.fleeting  0 IN SRV 10 0 5061 fleeting
_sip._tcp.fleeting  0 IN SRV 10 0 5062 fleeting
fleeting    0 IN A 127.0.0.81
"""


def locate(
    text: str,
    *,
    transports: Sequence[str] = ("udp", "tcp"),
    families: Sequence[Literal[4, 6]] = (4, 6),
    check: Callable[[Counter[str]], None] = lambda queries: None,
) -> list[Target]:
    async def scenario() -> list[Target]:
        server = DnsServer(ZONE)
        resolver = DnsResolver(await server.open())
        uri = parse_uri(text)
        assert isinstance(uri, SipUri)
        found = await resolver.locate(uri, transports=transports, families=families)
        assert sorted(await resolver.locate(uri, transports=transports, families=families)) == sorted(found)
        check(server.queries)
        server.close()
        return found

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:192.0.2.1", Target("udp", "192.0.2.1", 5060)),
        ("sip:a@192.0.2.1:5099", Target("udp", "192.0.2.1", 5099)),
        ("sip:192.0.2.1;transport=tcp", Target("tcp", "192.0.2.1", 5060)),
        ("sip:[2001:db8::1]", Target("udp", "2001:db8::1", 5060)),
        ("sip:srv.example;maddr=192.0.2.7", Target("udp", "192.0.2.7", 5060)),
    ],
)
def test_a_number_needs_no_dns(uri: str, target: Target) -> None:
    def check(queries: Counter[str]) -> None:
        assert not queries

    assert locate(uri, check=check) == [target]


def test_an_explicit_port_asks_for_addresses_only() -> None:
    def check(queries: Counter[str]) -> None:
        assert set(queries) == {"A plain.example", "AAAA plain.example"}

    assert locate("sip:plain.example:5099", check=check) == [
        Target("udp", "127.0.0.3", 5099),
        Target("udp", "::3", 5099),
    ]


def test_naptr_tells_the_transports_in_its_order_and_srv_the_ports() -> None:
    assert locate("sip:naptr.example", families=(4,)) == [
        Target("tcp", "127.0.0.2", 5080),
        Target("udp", "127.0.0.1", 5060),
        Target("udp", "127.0.0.2", 5070),
    ]


def test_transports_that_we_do_not_have_are_left_out() -> None:
    assert {target.transport for target in locate("sip:naptr.example", transports=("udp",), families=(4,))} == {"udp"}
    assert locate("sip:naptr.example;transport=tls") == []
    assert locate("sips:naptr.example") == []


def test_without_naptr_the_srv_records_of_our_transports_are_used() -> None:
    assert locate("sip:srv.example", families=(4,)) == [
        Target("udp", "127.0.0.1", 5061),
        Target("udp", "127.0.0.2", 5062),
    ]


def test_a_named_transport_asks_no_naptr_and_falls_back_to_the_address() -> None:
    def check(queries: Counter[str]) -> None:
        assert not [query for query in queries if query.startswith("NAPTR")]

    assert locate("sip:srv.example;transport=tcp", families=(4,), check=check) == [Target("tcp", "127.0.0.99", 5060)]
    assert locate("sip:naptr.example;transport=tcp", families=(4,))[0] == Target("tcp", "127.0.0.2", 5080)


def test_without_any_record_the_address_is_tried_over_udp() -> None:
    assert locate("sip:plain.example", families=(6, 4)) == [
        Target("udp", "::3", 5060),
        Target("udp", "127.0.0.3", 5060),
    ]


def test_every_address_of_a_host_is_a_target() -> None:
    assert sorted(locate("sip:many.example")) == [Target("udp", "127.0.0.6", 5060), Target("udp", "127.0.0.7", 5060)]


def test_a_service_that_says_it_is_not_there_is_not_looked_for_elsewhere() -> None:
    assert locate("sip:off.example", families=(4,)) == []


def test_an_unknown_host_leads_nowhere() -> None:
    assert locate("sip:nowhere.example") == []


def test_answers_are_kept_for_their_ttl() -> None:
    def once(queries: Counter[str]) -> None:
        assert queries["A plain.example"] == 1

    def twice(queries: Counter[str]) -> None:
        assert queries["A short.example"] == 2

    locate("sip:plain.example", check=once)
    locate("sip:short.example:5060", check=twice)


def test_a_server_that_does_not_answer_is_given_up() -> None:
    async def scenario() -> None:
        server = DnsServer(ZONE)
        resolver = DnsResolver(await server.open(), timeout=0.05)
        server.silent = True
        uri = parse_uri("sip:plain.example:5060")
        assert isinstance(uri, SipUri)
        assert await resolver.locate(uri, families=(4,)) == []
        server.silent = False
        assert await resolver.locate(uri, families=(4,)) == [Target("udp", "127.0.0.3", 5060)]
        server.close()

    asyncio.run(scenario())


def test_a_peer_does_not_move_to_another_machine_of_its_domain_while_its_records_cannot_be_asked() -> None:
    async def scenario() -> None:
        server = DnsServer(ZONE)
        resolver = DnsResolver(await server.open(), timeout=0.05)
        uri = parse_uri("sip:brief.example")
        assert isinstance(uri, SipUri)
        servers = [Target("udp", "127.0.0.1", 5061)]
        assert await resolver.locate(uri, families=(4,)) == servers
        server.lost.add("SRV")
        assert await resolver.locate(uri, families=(4,)) == servers
        server.close()

    asyncio.run(scenario())


def test_a_dns_that_has_fallen_silent_is_waited_for_once_where_it_is_known_what_it_said() -> None:
    async def scenario() -> None:
        server = DnsServer(ZONE)
        resolver = DnsResolver(await server.open(), timeout=0.05)
        uri = parse_uri("sip:fleeting.example")
        assert isinstance(uri, SipUri)
        servers = await resolver.locate(uri, families=(4,))
        assert len(servers) == 2
        server.queries.clear()
        server.silent = True
        assert await resolver.locate(uri, families=(4,)) == servers
        assert len(server.queries) == 1
        server.close()

    asyncio.run(scenario())


def test_name_servers_are_those_that_the_system_has_now(tmp_path: Path) -> None:
    async def scenario() -> None:
        file, uri = tmp_path / "resolv.conf", parse_uri("sip:moves.example:5060")
        assert isinstance(uri, SipUri)
        old, new = DnsServer("moves 300 IN A 127.0.0.8"), DnsServer("moves 300 IN A 127.0.0.9")
        _, port = await old.open()
        await new.open("127.0.0.2", port)
        file.write_text("nameserver 127.0.0.1\n")
        resolver = DnsResolver(timeout=0.05, system_file=file, port=port)

        async def found() -> str:
            await asyncio.sleep(LOOK_SECONDS)
            (target,) = await resolver.locate(uri, families=(4,))
            return target.host

        assert await found() == "127.0.0.8"
        old.close()
        for unusable in ("", "# nothing yet\n", "nameserver somebody\n"):
            file.write_text(unusable)
            assert await found() == "127.0.0.8"
        file.unlink()
        assert await found() == "127.0.0.8"
        file.write_text("nameserver 127.0.0.2\n")
        assert await found() == "127.0.0.9"
        queries = sum(new.queries.values())
        assert await found() == "127.0.0.9"
        assert sum(new.queries.values()) == queries
        new.close()

    virtual_time.run(scenario())


@pytest.mark.parametrize("host", ["pbx..example", f"{64 * 'x'}.example"])
def test_what_no_host_can_be_called_leads_nowhere(host: str) -> None:
    uri = parse_uri(f"sip:{host}")
    assert isinstance(uri, SipUri)
    assert asyncio.run(DnsResolver(timeout=0.05).locate(uri)) == []


def test_records_of_one_priority_share_the_load_by_weight() -> None:
    records = [Srv(1, 75, 1, "heavy"), Srv(1, 25, 1, "light"), Srv(0, 0, 1, "first"), Srv(2, 100, 1, "last")]
    dice = Random(1).random
    orders = [order_srv(records, dice) for _ in range(2000)]
    assert all(len(order) == 4 and order[0].target == "first" and order[-1].target == "last" for order in orders)
    heavy = sum(order[1].target == "heavy" for order in orders)
    assert 1400 < heavy < 1600


def test_a_record_of_weight_nothing_has_a_small_chance() -> None:
    records = [Srv(1, 0, 1, "none"), Srv(1, 9, 1, "some")]
    assert order_srv(records, lambda: 0.0)[0].target == "none"
    assert order_srv(records, lambda: 0.99)[0].target == "some"

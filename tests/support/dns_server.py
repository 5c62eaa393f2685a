"""A small DNS server on loopback for tests: answers from a zone written as text."""

import asyncio
from collections import Counter

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

from sipcore.flow import Address


class DnsServer(asyncio.DatagramProtocol):
    """Authority for the zone `example.`; `queries` counts what was asked, as `A host.example`."""

    def __init__(self, records: str) -> None:
        self.queries: Counter[str] = Counter()
        self.silent = False
        """True leaves every query without an answer."""
        self.lost: set[str] = set()
        """Types of records, as `SRV`, that are asked for without an answer."""
        self._zone = dns.zone.from_text(
            f"$ORIGIN example.\n@ 300 IN SOA ns admin 1 1 1 1 1\n@ 300 IN NS ns\nns 300 IN A 127.0.0.1\n{records}\n",
            origin="example.",
            relativize=False,
        )

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> Address:
        """Listen, on a free port for 0; the address."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(host, port)
        )
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        self.queries[f"{dns.rdatatype.to_text(question.rdtype)} {question.name.to_text(omit_final_dot=True)}"] += 1
        if self.silent or dns.rdatatype.to_text(question.rdtype) in self.lost:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        node = self._zone.get_node(question.name)
        if node is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            rdataset = node.get_rdataset(dns.rdataclass.IN, question.rdtype)
            if rdataset is not None:
                response.answer.append(dns.rrset.from_rdata_list(question.name, rdataset.ttl, list(rdataset)))
        if not response.answer:
            origin = self._zone.origin or dns.name.root
            soa = self._zone.find_rdataset(origin, dns.rdatatype.SOA)
            response.authority.append(dns.rrset.from_rdata_list(origin, soa.ttl, list(soa)))
        self._transport.sendto(response.to_wire(), addr)

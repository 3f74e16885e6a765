"""A DNS server on loopback (UDP) that knows the TXT records it is given."""

from __future__ import annotations

import socketserver

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

from tests.fakes.web_server import Serving


class NameServer(Serving):
    """Answers with ``records`` (name without its last dot: texts); any other name is not there.

    ``rcode`` replaces every answer by that error; ``is_silent`` gives none at all.
    """

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.rcode: dns.rcode.Rcode | None = None
        self.is_silent = False
        server = socketserver.UDPServer(("127.0.0.1", 0), self._handler())
        super().__init__(server)
        self.port = server.server_address[1]

    def resolver(self, seconds: float = 5.0) -> dns.resolver.Resolver:
        """Return a resolver that asks this server alone."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        resolver.lifetime = seconds
        return resolver

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if self.is_silent:
            return None
        reply = dns.message.make_response(query)
        if self.rcode is not None:
            reply.set_rcode(self.rcode)
        elif name not in self.records:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif texts := self.records[name]:
            quoted = [" ".join(f'"{piece}"' for piece in text.split("|")) for text in texts]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 300, "IN", "TXT", *quoted))
        return reply.to_wire()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire, udp = self.request
                if (reply := server.answer(wire)) is not None:
                    udp.sendto(reply, self.client_address)

        return Handler

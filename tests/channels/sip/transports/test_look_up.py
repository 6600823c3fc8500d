"""Where a SIP name leads, by the records of a real name server (RFC 3263)."""

import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.rrset
import pytest
from dns.resolver import Resolver

from channels.sip.transports import names
from channels.sip.transports.names import NOWHERE, Found, look_up


class NameServer:
    """Answers by UDP from its records, (name, kind) → (ttl, values); says nothing while it is `silent`."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (came := self._socket.recvfrom(4096))[0] != b"end":
            query = dns.message.from_wire(came[0])
            [question] = query.question
            key = question.name.to_text(omit_final_dot=True), question.rdtype.name
            self.asked.append(key)
            answer = dns.message.make_response(query)
            if key in self.records:
                ttl, values = self.records[key]
                answer.answer.append(dns.rrset.from_text(question.name, ttl, "IN", key[1], *values))
            if not self.silent:
                self._socket.sendto(answer.to_wire(), came[1])

    def end(self) -> None:
        self._socket.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    ours = NameServer()

    def resolver() -> Resolver:
        made = Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], ours.port
        return made

    monkeypatch.setattr(names, "Resolver", resolver)
    yield ours
    ours.end()


def found(host: str, port: int = 0) -> Found:
    return look_up(host, port, socket.AF_INET)


def test_a_pointer_leads_to_servers_and_these_to_an_address(server: NameServer) -> None:
    server.records = {
        ("pbx.example", "NAPTR"): (
            300,
            [
                '20 10 "s" "SIP+D2U" "" worse.pbx.example.',
                '10 10 "s" "SIP+D2T" "" _sip._tcp.pbx.example.',
                '10 20 "s" "sip+d2u" "" udp.pbx.example.',
            ],
        ),
        ("udp.pbx.example", "SRV"): (30, ["20 0 5070 later.invalid.", "10 0 5080 localhost."]),
    }
    assert found("pbx.example") == Found("127.0.0.1", 5080, 30)
    assert server.asked == [("pbx.example", "NAPTR"), ("udp.pbx.example", "SRV")]


def test_without_a_pointer_the_servers_have_their_usual_name(server: NameServer) -> None:
    server.records = {("_sip._udp.pbx.example", "SRV"): (0, ["10 0 5090 localhost."])}
    assert found("pbx.example") == Found("127.0.0.1", 5090, names.LEAST_S)


def test_the_next_server_is_taken_when_one_has_no_address(server: NameServer) -> None:
    server.records = {("_sip._udp.pbx.example", "SRV"): (9_000, ["1 0 1 gone.invalid.", "2 0 2 localhost."])}
    assert found("pbx.example") == Found("127.0.0.1", 2, names.REMEMBERED_S)


@pytest.mark.parametrize("targets", [["0 0 0 ."], ["1 0 5060 gone.invalid."]])
def test_a_name_whose_servers_are_not_there_leads_nowhere(server: NameServer, targets: list[str]) -> None:
    """`.` says that there is no such service (RFC 2782)."""
    server.records = {("_sip._udp.localhost", "SRV"): (60, targets)}
    assert found("localhost") == NOWHERE


def test_a_name_without_such_records_is_a_host(server: NameServer) -> None:
    assert found("localhost") == Found("127.0.0.1", 5060)
    assert len(server.asked) == 2


def test_with_a_port_there_is_nothing_to_ask_for(server: NameServer) -> None:
    assert (found("localhost", 5070), server.asked) == (Found("127.0.0.1", 5070), [])


def test_the_system_may_know_what_a_silent_name_server_does_not_say(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "RECORDS_S", 0.05)
    server.silent = True
    assert found("localhost") == Found("127.0.0.1", 5060)


def test_servers_of_one_rank_share_the_calls_by_their_weights(server: NameServer) -> None:
    server.records = {("_sip._udp.pbx.example", "SRV"): (60, ["1 0 1 localhost.", "1 9 2 localhost."])}
    ports = [found("pbx.example").port for _ in range(40)]
    assert ports.count(2) > ports.count(1)

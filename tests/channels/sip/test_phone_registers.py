"""A real phone (pjsua2) registers with our registrar and digest, refreshes, and signs off."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.digest import Algorithm, Authenticator, Nonces, Secret, Verdict, parse_credentials
from channels.sip.protocol.message import parse
from channels.sip.protocol.outputs import NewRequest, Output, SendTo
from channels.sip.protocol.registrar import ChangeKind, Registrar
from channels.sip.protocol.transactions import TransactionLayer

PHONE = """
import sys, time
import pjsua2  # prints to stdout itself, so we use stderr
endpoint = pjsua2.Endpoint()
endpoint.libCreate()
config = pjsua2.EpConfig()
config.logConfig.level = 0
config.logConfig.consoleLevel = 0
endpoint.libInit(config)
transport = pjsua2.TransportConfig()
transport.boundAddress = "127.0.0.1"
endpoint.transportCreate(pjsua2.PJSIP_TRANSPORT_UDP, transport)
endpoint.libStart()
endpoint.audDevManager().setNullDev()
account_config = pjsua2.AccountConfig()
account_config.idUri = "sip:anna@acd.example"
account_config.regConfig.registrarUri = "sip:127.0.0.1:" + sys.argv[1]
account_config.regConfig.timeoutSec = 90
account_config.sipConfig.authCreds.append(pjsua2.AuthCredInfo("digest", "*", "anna", 0, sys.argv[2]))
account = pjsua2.Account()
account.create(account_config)
def wait(active):
    for _ in range(300):
        try:
            info = account.getInfo()
            if info.regIsActive == active or info.regStatus >= 400:
                return info.regIsActive == active
        except pjsua2.Error:
            pass
        time.sleep(0.02)
    return False
registered = wait(True)
print("registered" if registered else "refused", file=sys.stderr, flush=True)
if registered:
    account.setRegistration(True)
    time.sleep(0.3)
    account.setRegistration(False)
    print("signed off" if wait(False) else "still there", file=sys.stderr, flush=True)
endpoint.libDestroy()
"""


class Desk:
    """A registrar on a socket; `log` holds verdicts and changes in order."""

    def __init__(self, algorithms: tuple[Algorithm, ...]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port: int = self.socket.getsockname()[1]
        numbers = count()
        self.make_id: Callable[[], str] = lambda: f"id{next(numbers)}"
        self.layer = TransactionLayer(f"127.0.0.1:{self.port}", self.make_id)
        self.authenticator = Authenticator("acd.example", Nonces(b"a secret of the test"), algorithms)
        self.registrar = Registrar()
        self.log: list[str] = []

    def serve(self, phone: "subprocess.Popen[str]") -> None:
        while phone.poll() is None:
            try:
                data, address = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            self._carry_out(self.layer.receive(parse(data), Endpoint(*address[:2]), now_ms()))

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, NewRequest):
                self._register(output)
                self._carry_out(self.layer.take())
            elif isinstance(output, SendTo):
                self.socket.sendto(output.data, output.destination[:2])

    def _register(self, new: NewRequest) -> None:
        lines = new.request.get_all("Authorization")
        secrets = {"anna": Secret(password="invented-1")}
        verdict, user = self.authenticator.verify(
            lines, "REGISTER", now_ms(), secrets.get, uri=new.request.uri
        )
        self.log.append(verdict.name)
        if verdict is not Verdict.RIGHT:
            values = self.authenticator.challenges(now_ms(), self.make_id(), stale=verdict is Verdict.STALE)
            headers = [("WWW-Authenticate", value) for value in values]
            self.layer.reply(new.key, 401, now_ms(), headers=headers)
            return
        credentials = parse_credentials(lines[0])
        assert credentials is not None
        self.log.append(credentials.algorithm)
        answer = self.registrar.register(user, new.request, new.source, now_ms())
        self.log += [change.kind for change in answer.changes]
        self.layer.reply(new.key, answer.status, now_ms(), headers=answer.headers)


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@pytest.fixture(params=[(Algorithm.MD5,), (Algorithm.SHA256,), (Algorithm.SHA256, Algorithm.MD5)])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    found = Desk(request.param)
    yield found
    found.socket.close()


def run_phone(desk: Desk, password: str) -> list[str]:
    command = [sys.executable, "-c", PHONE, str(desk.port), password]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as phone:
        desk.serve(phone)
        assert phone.stderr is not None
        return phone.stderr.read().splitlines()


def test_phone_registers_refreshes_and_signs_off(desk: Desk) -> None:
    """With the right password the phone is bound, refreshed under one nonce, and removed."""
    said = run_phone(desk, "invented-1")
    assert said[:2] == ["registered", "signed off"]
    kinds = [entry for entry in desk.log if entry in list(ChangeKind)]
    assert kinds == [ChangeKind.ADDED, ChangeKind.REFRESHED, ChangeKind.REMOVED]
    assert desk.log[0] == Verdict.MISSING.name
    assert {entry for entry in desk.log if entry in list(Algorithm)} <= set(desk.authenticator.algorithms)
    assert desk.registrar.bindings("anna") == []


def test_phone_with_wrong_password_is_refused() -> None:
    """With a wrong password it is never bound."""
    desk = Desk((Algorithm.MD5,))
    assert run_phone(desk, "wrong")[0] == "refused"
    assert set(desk.log) == {"MISSING", "WRONG"}
    assert desk.registrar.users() == []
    desk.socket.close()

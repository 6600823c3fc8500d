"""Followers and servers are killed and stopped: calls go on, and nobody misses or repeats an entry."""

import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from acd.core import view
from acd.core.engine import ENGINE_VERSION
from acd.journal.reading import JournalReader
from acd.server import web_process
from acd.server.app import App
from acd.server.inherited import inherit
from acd.web import PREFIX, handover
from acd.web.protocol import socket_path
from acd.web.token_file import own_token
from config.api_tokens import OPERATOR, ApiToken, Role, digest_of
from tests.acd.commands.test_cli import SITE, Server
from tests.acd.feed.played import AGENTS, Player, made

HERE = Path(__file__).parent
PATIENCE_S = 120.0


class ConsumerChild:
    """consumer_child.py, which may be killed and started again; `file` has what all its lives saw."""

    def __init__(self, directory: Path, name: str) -> None:
        self.file = directory / name
        self._command = [sys.executable, str(HERE / "consumer_child.py"), str(socket_path(directory))]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([*self._command, str(self.file)])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def seen(self) -> list[tuple[int, str]]:
        """(entry, digest), as it noted them."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(int(line.split()[0].partition(".")[2]), line.split()[1]) for line in lines]

    async def until(self, seq: int) -> list[tuple[int, str]]:
        async with asyncio.timeout(PATIENCE_S):
            while not (seen := self.seen()) or seen[-1][0] < seq:
                await asyncio.sleep(0.05)
        return seen


def journalled(directory: Path) -> list[tuple[int, str]]:
    entries = JournalReader(directory / "journal").entries()
    return [(entry.seq, entry.digest.hex()) for entry in entries]


async def kill_followers(directory: Path, kills: int) -> None:
    app, channel = made(directory, web=True)
    await app.start()
    consumers = [ConsumerChild(directory, f"consumer-{number}") for number in range(2)]
    player = Player(channel)
    channel.sign_in(*AGENTS)
    playing = asyncio.ensure_future(player.play())
    try:
        for number in range(kills):
            if number % 2:
                await _kill_web(app)
            else:
                consumer = consumers[number // 2 % 2]
                consumer.kill()
                await asyncio.sleep(0.2)
                consumer.start()
            await asyncio.sleep(0.3)
        playing.cancel()
        await player.until_over()
        for consumer in consumers:
            assert await consumer.until(app.driver.seq) == journalled(directory)
        assert await shown(app, directory) == true(app)
        assert player.came > kills
        assert not app.dispatch.failed
        assert app.control.health().status == "ok"
    finally:
        playing.cancel()
        for consumer in consumers:
            consumer.kill()
        await app.stop()


async def _kill_web(app: App) -> None:
    before = app.followers.process.pid
    os.kill(before, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while app.followers.process.pid in (0, before):
            await asyncio.sleep(0.01)
        await app.followers.process.serving.wait()


async def shown(app: App, directory: Path) -> list[tuple[str, str]]:
    """Agents as the web process shows them, once it says what the server knows."""
    headers = {"Authorization": f"Bearer {own_token(directory)}"}
    async with httpx.AsyncClient(base_url=app.followers.url, headers=headers, trust_env=False) as client:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = (await client.get(f"{PREFIX}/status", timeout=30)).json()
                shown = [(agent["id"], agent["state"]) for agent in found["agents"]]
                if shown == true(app) and not found["contacts"]:
                    return shown
                await asyncio.sleep(0.05)


def true(app: App) -> list[tuple[str, str]]:
    return [(agent.id, agent.state) for agent in view.agent_views(app.driver.engine.state)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses before a new start of the web process, and its time to end, are short."""
    monkeypatch.setattr(web_process, "MAX_PAUSE_S", 0.2)


@pytest.mark.usefixtures("quick")
def test_ten_kills_of_web_and_consumers_lose_no_entry_and_no_call(tmp_path: Path) -> None:
    """What each consumer's lives saw is the journal: no gap, nothing twice."""
    asyncio.run(kill_followers(tmp_path, 10))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("quick")
def test_a_hundred_kills_of_web_and_consumers_lose_no_entry_and_no_call(tmp_path: Path) -> None:
    """The long form."""
    asyncio.run(kill_followers(tmp_path, 100))


def kill_servers(directory: Path, kills: int) -> None:
    consumer: ConsumerChild | None = None
    try:
        for _ in range(kills):
            server = subprocess.Popen(
                [sys.executable, str(HERE / "played.py"), str(directory)], stdout=subprocess.PIPE, text=True
            )
            try:
                assert server.stdout is not None
                assert server.stdout.readline() == "playing\n"
                consumer = consumer or ConsumerChild(directory, "consumer")
                asyncio.run(consumer.until(len(consumer.seen()) + 50))
            finally:
                server.kill()
                server.communicate(timeout=30)
        assert consumer is not None
        asyncio.run(_last_server(directory, consumer))
    finally:
        if consumer is not None:
            consumer.kill()


async def _last_server(directory: Path, consumer: ConsumerChild) -> None:
    app, _ = made(directory, web=False)
    await app.start()
    try:
        assert await consumer.until(app.driver.seq) == journalled(directory)
    finally:
        await app.stop()


def test_a_consumer_outlives_three_servers_that_are_killed(tmp_path: Path) -> None:
    """Each next one has the entries that the last one wrote, and the consumer goes on behind them."""
    kill_servers(tmp_path, 3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_consumer_outlives_fifty_servers_that_are_killed(tmp_path: Path) -> None:
    """The long form."""
    kill_servers(tmp_path, 50)


@pytest.mark.usefixtures("quick")
def test_a_web_process_that_hangs_is_killed_and_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends no beat any more; calls do not notice."""
    monkeypatch.setattr(web_process, "SILENCE_S", 3.0)

    async def story() -> None:
        app, channel = made(tmp_path, web=True)
        await app.start()
        player = Player(channel)
        channel.sign_in(*AGENTS)
        try:
            before = app.followers.process.pid
            os.kill(before, signal.SIGSTOP)
            async with asyncio.timeout(PATIENCE_S):
                while app.followers.process.pid in (0, before):
                    player.call()
                    await asyncio.sleep(0.05)
                await app.followers.process.serving.wait()
            await player.until_over()
            assert app.followers.process.starts == 2
        finally:
            await app.stop()

    asyncio.run(story())


@pytest.mark.usefixtures("quick")
def test_the_next_web_process_counts_on_where_the_last_one_ended(tmp_path: Path) -> None:
    """A scrape adds what it finds after a reset, so nothing may be counted by two of them."""

    async def story() -> None:
        app, channel = made(tmp_path, web=True)
        await app.start()
        player = Player(channel)
        channel.sign_in(*AGENTS)
        try:
            await _play(player, 20)
            assert await _arrived(app, tmp_path) == 20
            await _kill_web(app)
            assert await _arrived(app, tmp_path) == 0
            await _play(player, 5)
            assert await _arrived(app, tmp_path) == 5
        finally:
            await app.stop()

    asyncio.run(story())


async def _play(player: Player, count: int) -> None:
    for _ in range(count):
        player.call()
        await asyncio.sleep(0.02)
    await player.until_over()


async def _arrived(app: App, directory: Path) -> int:
    """Calls by `/metrics`, once the web process has every entry."""
    headers = {"Authorization": f"Bearer {own_token(directory)}"}
    async with (
        httpx.AsyncClient(base_url=app.followers.url, headers=headers, trust_env=False) as client,
        asyncio.timeout(PATIENCE_S),
    ):
        while True:
            status = await client.get(f"{PREFIX}/status", timeout=30)
            if status.headers["ACD-Cursor"].endswith(f".{app.driver.seq}"):
                break
            await asyncio.sleep(0.05)
        text = (await client.get(f"{PREFIX}/metrics", timeout=30)).text
    found = re.search(r'^acd_contacts_total{medium="voice",outcome="arrived"} (\S+)$', text, re.MULTILINE)
    return int(float(found[1])) if found else 0


def test_the_web_process_knows_no_password_and_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in the server's environment, and the server alone opens the vault."""
    monkeypatch.setenv("SOME_PASSWORD", "not for the web")

    async def story() -> None:
        app, _ = made(tmp_path, web=True)
        await app.start()
        try:
            given = Path(f"/proc/{app.followers.process.pid}/environ").read_bytes()
        finally:
            await app.stop()
        assert b"PATH=" in given
        assert b"not for the web" not in given

    asyncio.run(story())


def web_pid(directory: Path) -> int:
    """The process that would hand the address over."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.connect(str(directory / handover.SOCKET_FILE))
        return struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]  # type: ignore[no-any-return]


def test_a_web_process_of_another_engine_version_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would decide otherwise than the next server, which starts its own, from a snapshot."""
    site, data = tmp_path / "site.toml", tmp_path / "var"
    site.write_text(SITE)
    server = Server(site)
    web = web_pid(data)
    server.process.kill()
    server.process.communicate(timeout=30)
    tokens = [ApiToken(OPERATOR, Role.ADMIN, digest_of(own_token(data)))]
    same = inherit(data, "127.0.0.1", 0, handover.terms(tokens))
    assert same is not None, "of its own version it is taken over"
    assert same.pid == web
    same.listening.close()
    monkeypatch.setattr(handover, "ENGINE_VERSION", ENGINE_VERSION + 1)
    assert inherit(data, "127.0.0.1", 0, handover.terms(tokens)) is None
    assert over(web)
    again = Server(site)
    assert httpx.get(f"{again.url}{PREFIX}/health", trust_env=False, timeout=30).status_code == 200
    assert again.stop() == 0


def over(pid: int) -> bool:
    """It has ended; where nobody takes over orphans its number stays."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_address_and_the_last_view_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    """Clients are answered meanwhile, and told that it is not there; then the same process goes on."""
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    server = Server(site)
    headers = {"Authorization": f"Bearer {own_token(tmp_path / 'var')}"}
    with httpx.Client(base_url=server.url + PREFIX, headers=headers, trust_env=False, timeout=60) as client:
        assert client.post("/agents/anna/state", json={"state": "ready"}).status_code == 200
        web = web_pid(tmp_path / "var")
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        asking.connect(str(tmp_path / "var" / handover.SOCKET_FILE))
        asking.sendall(b"no descriptor, and no end")
        server.process.kill()
        server.process.communicate(timeout=30)
        asking.close()
        assert client.get("/health").json()["status"] == "unreachable"
        assert client.get("/status").json()["agents"][0]["state"] == "ready"
        assert client.post("/agents/anna/state", json={"state": "signed_out"}).status_code == 503
        again = Server(site)
        assert (again.url, web_pid(tmp_path / "var")) == (server.url, web)
        assert client.get("/health").status_code == 200
        assert client.post("/agents/anna/state", json={"state": "signed_out"}).status_code == 200
        assert client.get("/agents").json()["agents"][0]["state"] == "signed_out"
    assert again.stop() == 0
    assert over(web)


@pytest.mark.parametrize("why", ["it does not answer", "it serves another address", "other tokens"])
def test_a_web_process_that_cannot_go_on_leaves_its_address_to_the_next(tmp_path: Path, why: str) -> None:
    """One that hangs, or whose address or tokens the site has changed, is ended by the next server."""
    site, data = tmp_path / "site.toml", tmp_path / "var"
    site.write_text(SITE)
    server = Server(site)
    port, web = server.url.rpartition(":")[2], web_pid(data)
    if why == "it does not answer":
        os.kill(web, signal.SIGSTOP)
    server.process.kill()
    server.process.wait(30)
    assert server.process.stderr is not None
    server.process.stderr.close()
    changed = SITE.replace("port = 0", f"port = {port}")
    if why == "other tokens":
        changed += '[[server.api.tokens]]\nname = "nadia"\nrole = "supervisor"\nsha256 = "' + "0" * 64 + '"\n'
    elif why == "it serves another address":
        changed = changed.replace(f"port = {port}", f'port = {port}\nhost = "127.0.0.2"')
    site.write_text(changed)
    again = Server(site)
    assert web_pid(data) != web
    assert over(web)
    assert httpx.get(f"{again.url}{PREFIX}/health", trust_env=False, timeout=30).status_code == 200
    assert again.stop() == 0


def test_health_is_answered_while_the_server_hangs_and_says_so(tmp_path: Path) -> None:
    """And so are status and metrics, from the copy; a change is not, within its deadline."""
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    server = Server(site)
    headers = {"Authorization": f"Bearer {own_token(tmp_path / 'var')}"}
    with httpx.Client(base_url=server.url + PREFIX, headers=headers, trust_env=False, timeout=60) as client:
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            health = client.get("/health")
            assert (health.status_code, health.json()["status"]) == (503, "unreachable")
            time.sleep(2.5)  # longer than the server is ever silent
            shown = client.get("/status")
            assert [agent["id"] for agent in shown.json()["agents"]] == ["anna", "bert"]
            assert int(shown.headers["ACD-Age-Ms"]) > 2_000
            assert shown.json()["now_ms"] - shown.json()["heard_ms"] > 2_000
            assert shown.json()["entry_ms"] <= shown.json()["heard_ms"]
            metrics = client.get("/metrics").text
            assert "acd_server_up 0.0" in metrics
            age = re.search(r"^acd_web_age_seconds (\S+)$", metrics, re.MULTILINE)
            assert age is not None
            assert float(age[1]) > 2.0
            change = client.post("/agents/anna/state", json={"state": "ready"})
            assert (change.status_code, change.json()["error"]["code"]) == (503, "no_answer")
        except BaseException:
            server.process.kill()
            raise
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        deadline_s = time.monotonic() + PATIENCE_S
        while client.get("/health").status_code != 200:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        while int(client.get("/status").headers["ACD-Age-Ms"]) > 2_000:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
    assert server.stop() == 0

"""A journal that cannot write: calls go on, and whoever looks is told how much he does not see."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from acd.core.effects import AdmitContact
from acd.journal.memory import MemoryJournal
from acd.ports import ChannelRecord, JournalEntry, Progress, Recovered
from acd.server import gate
from acd.testing import ScriptedChannel, small_desk, small_site
from acd.web import PREFIX
from config.schema import JournalKind
from tests.acd.web.served import Served, served

PATIENCE_S = 30.0
LOOK_S = 0.02


class FullDisk(MemoryJournal):
    """While `full`, nothing of what is appended is written; `room` writes it all."""

    full = False

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        self._report = on_written, on_synced
        self._fail = on_failure
        self._last = self._reported = 0
        return super().open(self._written, lambda _seq: None, on_failure)

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        super().append(entry, records)
        if self.full:
            self._fail(OSError("no space left on device"))

    def facts(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        return (entry for entry in super().facts(after_seq) if entry.seq <= self._reported)

    def room(self) -> None:
        self.full = False
        self._written(self._last)

    def _written(self, seq: int) -> None:
        self._last = seq
        if not self.full:
            self._reported = seq
            for report in self._report:
                report(seq)


class Rig:
    def __init__(self, desk: Served, channel: ScriptedChannel, journal: FullDisk) -> None:
        self.desk, self.channel, self.journal = desk, channel, journal

    async def arrive(self) -> int:
        """The contact of a call that has been answered."""
        ref = self.channel.arrive()
        async with asyncio.timeout(PATIENCE_S):
            while all(effect.carrier.ref != ref for effect in self.channel.seen(AdmitContact)):
                await asyncio.sleep(LOOK_S)
        return self.channel.contact_of(ref)

    async def until_told(self, entries: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.desk.web.following.unwritten().entries != entries:
                await asyncio.sleep(LOOK_S)


def with_full_disk(directory: Path, story: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        channel, journal = ScriptedChannel(), FullDisk()
        site = small_site(directory, small_desk(), journal=JournalKind.MEMORY)
        async with served(site, channel, journal=journal) as running:
            await story(Rig(running, channel, journal))

    asyncio.run(run())


def test_calls_that_are_taken_while_nothing_can_be_written_are_counted(tmp_path: Path) -> None:
    """Status, headers and health say how many entries are not shown, and since when; the age grows."""

    async def story(rig: Rig) -> None:
        await rig.arrive()
        rig.journal.full = True
        before_ms = rig.desk.app.driver.now_ms()
        for _ in range(3):
            await rig.arrive()
        after_ms = rig.desk.app.driver.now_ms()
        await rig.until_told(3)
        answer = await rig.desk.client.get(f"{PREFIX}/status")
        found = answer.json()
        assert (found["unwritten"], answer.headers["ACD-Unwritten"]) == (3, "3")
        assert before_ms - 1 <= found["unwritten_since_ms"] <= after_ms
        assert found["lines"][0]["waiting"] == 1
        assert found["heard_ms"] == found["unwritten_since_ms"]
        assert int(answer.headers["ACD-Age-Ms"]) >= found["now_ms"] - after_ms
        for path in ("/agents", "/incidents", "/metrics", "/feed", "/contacts/1"):
            assert (await rig.desk.client.get(PREFIX + path)).headers["ACD-Unwritten"] == "3", path
        health = (await rig.desk.client.get(f"{PREFIX}/health")).json()
        assert (health["status"], health["unwritten"]) == ("degraded", 3)
        assert abs(health["unwritten_since_ms"] - found["unwritten_since_ms"]) <= 1

    with_full_disk(tmp_path, story)


def test_what_may_exist_is_not_denied(tmp_path: Path) -> None:
    """503 with the reason, whatever is asked of the contact; 404 again when all is written."""

    async def story(rig: Rig) -> None:
        rig.journal.full = True
        contact = await rig.arrive()
        await rig.until_told(1)
        asked = [
            ("GET", f"/contacts/{contact}"),
            ("GET", f"/contacts/{contact}/documents"),
            ("POST", f"/contacts/{contact}/documents"),
            ("POST", f"/contacts/{contact}/priority"),
            ("POST", f"/contacts/{contact}/transfer"),
            ("POST", "/incidents/water/clear"),
        ]
        bodies = {"priority": {"priority_class": 3}, "transfer": {"line": "line"}}

        async def ask(method: str, path: str) -> tuple[int, str, str]:
            body = bodies.get(path.rpartition("/")[2], {})
            query = "?kind=draft" if method == "POST" and path.endswith("documents") else ""
            answer = await rig.desk.client.request(method, PREFIX + path + query, json=body)
            error = answer.json().get("error", {"code": "", "reason": ""})
            return answer.status_code, error["code"], error["reason"]

        for method, path in asked:
            status, code, reason = await ask(method, path)
            assert (status, code) == (503, "not_shown"), (path, reason)
            assert "is not written and not shown (1 entries)" in reason
        rig.journal.room()
        await rig.until_told(0)
        await rig.desk.caught_up()
        assert (await ask("GET", f"/contacts/{contact}"))[0] == 200
        assert (await ask("GET", "/contacts/99"))[0] == 404
        health = (await rig.desk.client.get(f"{PREFIX}/health")).json()
        assert (health["status"], health["unwritten"], health["unwritten_since_ms"]) == ("ok", 0, 0)

    with_full_disk(tmp_path, story)


def test_a_disk_that_hangs_without_an_error_is_no_health(tmp_path: Path) -> None:
    """No error was reported: health says all the same that nothing is written."""

    async def story(rig: Rig) -> None:
        rig.journal._fail = lambda _error: None
        rig.journal.full = True
        rig.channel.arrive()
        await rig.until_told(1)
        health = (await rig.desk.client.get(f"{PREFIX}/health")).json()
        assert (health["status"], health["journal"]) == (
            "degraded",
            "the disk does not take what is to be written",
        )

    with_full_disk(tmp_path, story)


def test_followers_are_told_within_a_second(tmp_path: Path) -> None:
    """Not only with the next beat; and not of what is written in its usual time."""

    async def story(rig: Rig) -> None:
        await rig.arrive()
        assert rig.desk.web.following.unwritten().entries == 0
        rig.journal.full = True
        began_s = time.monotonic()
        rig.channel.arrive()
        await rig.until_told(1)
        assert time.monotonic() - began_s >= gate._GRACE_S

    with_full_disk(tmp_path, story)

"""The machine dies; its journal, content, directory, key and site file on another one are the whole desk.

Everything else is deleted, and the media process is killed, too. Callers whose legs another system keeps wait
and talk on. Those whose sound was on the dead machine are hung up: their calls are not moved to other media.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.content.master import MasterKey
from acd.content.vault import Vault
from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, Json, until
from tests.acceptance.sipp import Sipp
from tests.acceptance.stories.elsewhere import NAME, RECORDING
from tests.acceptance.studio import Booth, windows

ROOT = Path(__file__).parents[3]
HOME_HZ, AGENT_HZ = 1100, 350
NEEDED = ("journal", "vault.db*", "vault-key", "directory.db*")
"""Of the data directory."""

TENANT = ("region", '"DE"'), ("vip_list", '"vip.csv"'), ("user_list", '"users.csv"')
KNOWS = 'last_agent = { within = "1d", wait = "2m" }'
MAIL = '[entries.mail."help@nordwind.example"]\nline = "help"\n'


class TwoMachines(Desk):
    """A desk with a channel of its own that may go on in another folder."""

    def __init__(self, folder: Path, home: int) -> None:
        corners = [Corner("help", agents=1), Corner("back", agents=1, callback="agent_first", ring="10s")]
        super().__init__(folder / "first", corners, {"calls_to": home})
        text = self.site.read_text()
        text = text.replace('tenants.nordwind.region = "DE"\n', "")
        keys = "".join(f"tenants.nordwind.{key} = {value}\n" for key, value in TENANT)
        text = text.replace("[lines.help]\n", f"[lines.help]\n{KNOWS}\n")
        text = text.replace('phone = "help.1"', 'phone = "help.1"\ncapacity = { voice = 1, mail = 1 }')
        self.site.write_text(f"{keys}{text}[{NAME}]\n{MAIL}")
        (self.folder / "vip.csv").write_text("number;class\n030 555 0103;1\n")
        (self.folder / "users.csv").write_text("number;mail\n030 555 0101;otto@nordwind.example\n")
        packages = folder / "packages"
        told = packages / "elsewhere-1.dist-info"
        told.mkdir(parents=True)
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
        target = "tests.acceptance.stories.elsewhere:Elsewhere"
        (told / "entry_points.txt").write_text(f"[acd.channels]\n{NAME} = {target}\n")
        self._path = f"{packages}:{ROOT}"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": self._path}

    def dies(self) -> None:
        """The server and its media at once, and all that was in the folder but what is needed."""
        media = self.media_pid()
        assert media is not None
        self.kill()
        os.kill(media, signal.SIGKILL)
        until(lambda: self.media_pid() is None, "the end of the media process")
        second = self.folder.with_name("second")
        (second / "var").mkdir(parents=True, mode=0o700)
        for pattern in NEEDED:
            for path in (self.folder / "var").glob(pattern):
                copy = shutil.copytree if path.is_dir() else shutil.copy2
                copy(path, second / "var" / path.name)
        for name in ("site.toml", "vip.csv", "users.csv"):
            shutil.copy2(self.folder / name, second / name)
        shutil.rmtree(self.folder)
        self.folder, self.site, self.log = second, second / "site.toml", second / "log"

    def places(self) -> list[Json]:
        """All that is live, without what only time changes."""
        found = self.get("/status", contacts=100)["contacts"]
        return [{key: value for key, value in one.items() if key != "wait_ms"} for one in found]

    def waits_ms(self) -> dict[int, int]:
        """How long each has waited at one and the same moment."""
        return {one["id"]: one["wait_ms"] for one in self.get("/status", contacts=100)["contacts"]}

    def lists(self) -> list[tuple[str, int, int]]:
        """(list, version, people of a version that is new)."""
        url = (self.folder / "var" / "api-url").read_text().strip() + "/api/v1/lists"
        taken = self._http.post(url).raise_for_status().json()["lists"]
        return [(one["list"], one["version"], one["people"]) for one in taken]

    def fact_of(self, contact: int, kind: str) -> Json:
        found = [one["fact"] for one in self.get(f"/contacts/{contact}")["history"] if one["kind"] == kind]
        return dict(found[-1])


@pytest.fixture
def desk(tmp_path: Path, booth: Booth) -> Iterator[TwoMachines]:
    """Its callers at home have a phone, and so has the agent who calls them back."""
    home = booth.pjsua("home", HOME_HZ)
    made = TwoMachines(tmp_path, home.port)
    try:
        yield made
    finally:
        made.clear_away()


def from_number(number: str) -> str:
    """A caller who waits until the desk hangs up."""
    return s.calls(s.HUNG_UP).replace("+49305550[call_number]", number)


def test_all_else_is_deleted_and_everybody_has_his_place(desk: TwoMachines, booth: Booth, sipp: Sipp) -> None:
    desk.start()
    phone = booth.pjsua("agent", AGENT_HZ)
    phone.tell("register", "back.1", password("back.1"), f"sip:127.0.0.1:{desk.port}")
    phone.until("registered", status=200)
    desk.pause("back.1")
    (desk.folder / "begin").touch()
    until((desk.folder / "recording").exists, "the callers")
    talks, waits, vip, later, called, mail = [one["id"] for one in desk.places()]
    assert desk.waiting("help") == [vip, waits, later, mail]
    desk.post(f"/contacts/{called}/callback", number="030 555 0123")
    desk.post(f"/contacts/{mail}/defer", until_ms=desk.get("/status")["now_ms"] + 3_600_000)
    here = sipp.call(desk, "help", from_number("+49305550108"), "-aa")
    until(lambda: len(desk.waiting("help")) == 4, "a caller by the dead machine's media")
    lost = max(desk.waiting("help"))
    document = (desk.folder / "recording").read_text()
    places, waited_ms, lists = desk.places(), desk.waits_ms(), desk.lists()
    stands = [one for one in places if one["id"] != lost]

    desk.dies()
    desk.start("--adopt")

    assert desk.places() == stands
    since_ms = {number: wait_ms - waited_ms[number] for number, wait_ms in desk.waits_ms().items()}
    assert len(set(since_ms.values())) == 1, "the same anchors"
    here.succeeds()
    assert desk.fact_of(lost, "Abandoned")["leg_lost"], "nobody waits in silence: he was hung up"
    assert desk.lists() == lists, "no version is taken anew"
    told = (desk.folder / "stands").read_text().splitlines()
    assert [one for one in told if one.startswith("ConnectContact") and f"contact={talks}," in one]

    sipp.call(desk, "help", from_number("0305550101"), "-aa")
    until(lambda: len(desk.waiting("help")) == 4, "who talks with anna, from another telephone")
    again = max(desk.waiting("help"))
    assert desk.fact_of(again, "Informed")["incident"] == "vpn"
    assert desk.fact_of(again, "PreferredHeld")["agent"] == "help.1"
    sipp.call(desk, "help", from_number("0305550103"), "-aa")
    until(lambda: len(desk.waiting("help")) == 5, "the vip from another telephone")
    assert desk.fact_of(max(desk.waiting("help")), "Arrived")["vip"]

    desk.ready("back.1")
    until(lambda: any(windows(booth.heard("agent"), HOME_HZ)), "whoever is called back, at the agent")
    until(lambda: any(windows(booth.heard("home"), AGENT_HZ)), "the agent, at home")
    assert desk.fact_of(called, "CallbackOver")["kept"]
    assert read_after_the_end(desk, document) == RECORDING


def read_after_the_end(desk: TwoMachines, document: str) -> bytes:
    """Only one process may open the vault."""
    desk.kill()
    data = desk.folder / "var"
    vault = Vault(data / "vault.db", MasterKey.load(data / "vault-key"))
    try:
        return b"".join(vault.read(document))
    finally:
        vault.close()

"""The command line, as processes: a real `acd serve`, and every command against it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

SITE = """
[server]
data_dir = "var"
drain = "2s"
[server.api]
port = 0
[tenants.nordwind]
name = "Nordwind"
[skills]
german = "Deutsch"
[groups]
desk = { members = ["anna", "bert"] }
[lines.helpdesk]
tenant = "nordwind"
groups = ["desk"]
[agents.anna]
name = "Anna"
skills = { german = 9 }
[agents.bert]
name = "Bert"
skills = { german = 9 }
[entries.voice."+49 30 555 0101"]
line = "helpdesk"
"""
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("ACD_")}


class Server:
    """`acd serve` as a process of its own; its log lines are kept."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.log: list[dict[str, object]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "acd", "serve", str(site)], stderr=subprocess.PIPE, env=CLEAN, text=True
        )
        self.url = str(self.until("serving")["url"])

    def until(self, message: str) -> dict[str, object]:
        """The next log line that says `message`."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(json.loads(line))
            if self.log[-1]["message"] == message:
                return self.log[-1]
        raise AssertionError(f"the server ended without saying {message!r}: {self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=60)
        self.log.extend(json.loads(line) for line in rest.splitlines())
        return self.process.returncode


def acd(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "acd", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=CLEAN | (env or {}), timeout=120, check=False
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """What it said on standard error: one clear line, no traceback."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert result.stdout == ""
    return lines[0]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "site.toml"
    path.write_text(SITE)
    running = Server(path)
    yield running
    assert running.stop() == 0


def test_check_says_ok_and_what_the_desk_has(site: Path) -> None:
    """Exit 0; with --json one object."""
    result = acd("check", site)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{site}: ok (1 clients, 1 lines, 1 entries, 2 agents)\n"
    assert json.loads(acd("check", site, "--json").stdout) == {"ok": True, "errors": [], "warnings": []}


def test_check_names_file_key_and_reason_and_exits_2(site: Path) -> None:
    """One line per error, on standard error; the same in --json."""
    site.write_text(SITE + "color = 3\n")
    result = acd("check", site)
    assert result.returncode == 2
    line = one_line(result)
    assert line.startswith(f"acd: {site}: ")
    assert "color: " in line
    report = json.loads(acd("check", site, "--json").stdout)
    assert report["ok"] is False
    assert report["errors"][0]["file"] == str(site)
    assert acd("serve", site).returncode == 2


def test_check_shows_a_week_of_each_entry(site: Path) -> None:
    """Who opens on the day before Christmas sees that nobody is there on Christmas Day."""
    hours = """
[calendars.office]
timezone = "Europe/Berlin"
public_holidays = "DE-NW"
hours = { mon = "08:00-18:00", thu = "22:00-06:00", fri = "08:00-12:00, 13:00-18:00" }
days = { 2026-12-24 = "08:00-12:00" }
"""
    site.write_text(SITE.replace("[lines.helpdesk]", '[lines.helpdesk]\nhours = "office"') + hours)
    report = json.loads(acd("check", site, "--hours", "--from", "2026-12-21", "--json").stdout)
    (entry,) = report["hours"]
    assert (entry["line"], entry["timezone"]) == ("helpdesk", "Europe/Berlin")
    days = {day["date"]: (day["windows"], day["holiday"]) for day in entry["days"]}
    assert list(days) == [f"2026-12-{number}" for number in range(21, 28)]
    assert days["2026-12-21"] == (["08:00-18:00"], "")
    assert days["2026-12-22"] == ([], "")
    assert days["2026-12-24"] == (["08:00-12:00"], "")
    assert days["2026-12-25"] == ([], "Erster Weihnachtstag")
    shown = acd("check", site, "--hours", "--from", "2026-12-21").stdout
    assert "08:00-18:00" in shown
    assert "Weihnachtstag" in shown
    week_before = json.loads(acd("check", site, "--from", "2026-12-14", "--json").stdout)["hours"]
    assert week_before[0]["days"][3]["windows"] == ["22:00-06:00"]


def with_vips(site: Path, *rows: str) -> None:
    """The site with a VIP list of these rows."""
    (site.parent / "vip.csv").write_text("\n".join(("number,class", *rows)) + "\n")
    lists = 'name = "Nordwind"\nregion = "DE"\nvip_list = "vip.csv"'
    site.write_text(SITE.replace('name = "Nordwind"', lists))


def test_check_names_row_and_column_of_a_list_and_a_server_starts_all_the_same(site: Path) -> None:
    with_vips(site, "030 5550101,1", "nobody,1", "030 5550102,first")
    result = acd("check", site)
    assert result.returncode == 2
    path = site.parent / "vip.csv"
    assert result.stderr.splitlines() == [
        f'acd: {path}: row 3, number: "nobody" is not a telephone number',
        f'acd: {path}: row 4, class: "first" is not a whole number from 0 to 99',
    ]
    running = Server(site)
    try:
        assert acd("lists", "--site", site).returncode == 1
    finally:
        assert running.stop() == 0


def test_check_tells_of_a_list_that_is_right_and_perhaps_not_meant(site: Path) -> None:
    """As warnings: exit 0."""
    with_vips(site)
    result = acd("check", site, "--json")
    assert result.returncode == 0
    path = str(site.parent / "vip.csv")
    said = json.loads(result.stdout)["warnings"]
    assert [(one["file"], one["key"], one["reason"]) for one in said] == [(path, "", "names nobody")]
    with_vips(site, "030 5550101,1")
    assert f"acd: warning: {path}: 1 row with a class below 5" in acd("check", site).stderr


def test_a_changed_list_is_taken_in_while_the_desk_runs(site: Path) -> None:
    """By one command, which says what holds; a bad one is refused with its reason."""
    with_vips(site, "030 5550101,1")
    running = Server(site)
    try:
        with_vips(site, "030 5550101,1", "030 5550102,2")
        assert acd("lists", "--site", site).stdout == "nordwind vip: version 2 holds (2 rows)\n"
        assert acd("lists", "--site", site).stdout == "nordwind vip: version 2 holds (no change)\n"
        with_vips(site, "nobody,2")
        refused = acd("lists", "--site", site, "--json")
        (found,) = json.loads(refused.stdout)["lists"]
        assert (refused.returncode, found["version"], len(found["refused"])) == (1, 2, 1)
        assert (acd("erase", site, "+49 30 5550102").returncode, acd("erase", site, "0171 1").returncode) == (
            0,
            1,
        )
    finally:
        assert running.stop() == 0


def test_a_site_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    """Exit 2 and its name."""
    result = acd("serve", tmp_path / "none.toml")
    assert result.returncode == 2
    assert "none.toml" in one_line(result)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["fly"], "No such command 'fly'"),
        (["status"], "which server? give --site SITE or --url URL (or set ACD_SITE or ACD_URL)"),
        (["status", "--colour"], "No such option: --colour"),
        (["agent", "anna", "dancing", "--url", "http://127.0.0.1:1"], "must be ready, pause or sign-out"),
        (["agent", "anna", "pause", "--url", "http://127.0.0.1:1"], "a reason is required to pause"),
        (["agent", "anna", "ready", "why", "--url", "http://127.0.0.1:1"], "and for nothing else"),
        (["contact", "x", "--url", "http://127.0.0.1:1"], "Invalid value for 'ID'"),
        (["callback", "7", "--cancel", "--number", "1", "--url", "http://127.0.0.1:1"], "of no use with"),
        (["contact", "0", "--url", "http://127.0.0.1:1"], "Invalid value for 'ID'"),
        (["serve", "/dev/null", "--log-level", "loud"], "log level must be one of"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: list[str], reason: str) -> None:
    """What was wrong, and nothing else."""
    result = acd(*arguments)
    assert result.returncode == 2
    assert reason in one_line(result)


def test_no_server_is_the_answer_no(site: Path) -> None:
    """Exit 1: nobody listens, or none has ever run here."""
    result = acd("status", "--url", "http://127.0.0.1:1")
    assert result.returncode == 1
    assert one_line(result).startswith("acd: no server answers at http://127.0.0.1:1")
    result = acd("status", "--site", site)
    assert result.returncode == 1
    assert "no server has run here yet" in one_line(result)


def test_status_shows_lines_and_agents(server: Server) -> None:
    """As tables, and as JSON."""
    result = acd("status", "--site", server.site)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.search(r"helpdesk +0 ", result.stdout)
    assert re.search(r"anna +", result.stdout)
    found = json.loads(acd("status", "--json", "--site", server.site).stdout)
    assert [line["id"] for line in found["lines"]] == ["helpdesk"]
    assert [agent["id"] for agent in found["agents"]] == ["anna", "bert"]
    assert found["contacts"] == []


def test_an_agent_is_made_ready_paused_and_signed_out(server: Server) -> None:
    """Each is in force when the command returns; what is so already is said so."""

    def bert(*words: str) -> str:
        result = acd("agent", "bert", *words, "--site", server.site)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    def state() -> tuple[str, str]:
        found = json.loads(acd("status", "--json", "--site", server.site).stdout)["agents"][1]
        return found["state"], found["reason"]

    assert bert("ready") == "bert: ready (done)\n"
    assert state() == ("ready", "")
    assert bert("ready") == "bert: ready (was so already)\n"
    assert bert("pause", "break") == "bert: pause break (done)\n"
    assert state() == ("paused", "break")
    assert bert("sign-out") == "bert: sign-out (done)\n"
    assert state() == ("signed_out", "")


def test_what_the_server_refuses_is_exit_1_in_its_own_words(server: Server) -> None:
    """Unknown agent, unknown reason, unknown contact, wrong token."""
    for arguments, reason in (
        (("agent", "nobody", "ready"), "there is no agent nobody"),
        (("agent", "../status", "ready"), "there is no agent ../status"),
        (("agent", "anna", "pause", "surfing"), "'surfing' is not a pause reason of this desk"),
        (("contact", "77"), "there is no contact 77"),
    ):
        result = acd(*arguments, "--site", server.site)
        assert result.returncode == 1, arguments
        assert one_line(result) == f"acd: {reason}" or reason.startswith("there is no agent ..")
    result = acd("status", "--url", server.url, env={"ACD_TOKEN": "wrong"})
    assert (result.returncode, one_line(result)) == (1, "acd: a bearer token is required")


def test_the_server_is_found_by_environment_too(server: Server) -> None:
    """ACD_SITE, or ACD_URL with ACD_TOKEN."""
    assert acd("status", "--json", env={"ACD_SITE": str(server.site)}).returncode == 0
    token = (server.site.parent / "var" / "api-token").read_text().strip()
    result = acd("status", "--json", env={"ACD_URL": server.url, "ACD_TOKEN": token})
    assert result.returncode == 0


def test_watch_goes_on_until_it_is_interrupted(server: Server) -> None:
    """Ctrl-C is a clean end."""
    watching = subprocess.Popen(
        [sys.executable, "-m", "acd", "status", "--watch", "--site", str(server.site)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN,
        text=True,
        # A shell that runs the tests in the background lets its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    )
    assert watching.stdout is not None
    try:
        first = watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        _, complaint = watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.wait()
    assert (watching.returncode, complaint) == (0, "")
    assert first.strip() == "lines"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_cleanly_and_the_next_start_replays_nothing(
    site: Path, number: signal.Signals
) -> None:
    """Exit 0, snapshot taken; agents are as they were."""
    first = Server(site)
    acd("agent", "anna", "ready", "--site", site)
    acd("agent", "anna", "pause", "break", "--site", site)
    assert first.stop(number) == 0
    assert [line["message"] for line in first.log][-2:] == ["stopping", "stopped"]
    second = Server(site)
    recovered = next(line for line in second.log if line["message"] == "recovered")
    assert (recovered["replayed"], recovered["seq"]) == (0, 3)
    found = json.loads(acd("status", "--json", "--site", site).stdout)["agents"][0]
    assert (found["state"], found["reason"]) == ("paused", "break")
    assert second.stop() == 0


def test_what_was_answered_survives_a_kill(site: Path) -> None:
    """SIGKILL right after the command returned: the change is there at the next start."""
    first = Server(site)
    assert acd("agent", "anna", "ready", "--site", site).returncode == 0
    first.process.kill()
    first.process.communicate(timeout=60)
    second = Server(site)
    found = json.loads(acd("status", "--json", "--site", site).stdout)["agents"][0]
    assert found["state"] == "ready"
    assert second.stop() == 0


def test_a_request_that_is_repeated_after_a_kill_is_not_made_twice(site: Path) -> None:
    """Its Idempotency-Key lies in the journal with the entry it became."""

    def post(server: Server, state: dict[str, str], key: str) -> dict[str, int]:
        token = (site.parent / "var" / "api-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer = httpx.post(
            f"{server.url}/api/v1/agents/anna/state", json=state, headers=headers, trust_env=False
        )
        return dict(answer.raise_for_status().json())

    killed = Server(site)
    first = post(killed, {"state": "ready"}, "one")
    post(killed, {"state": "signed_out"}, "two")
    killed.process.kill()
    killed.process.communicate(timeout=60)
    again = Server(site)
    assert post(again, {"state": "ready"}, "one") == first
    assert json.loads(acd("status", "--json", "--site", site).stdout)["agents"][0]["state"] == "signed_out"
    assert again.stop() == 0


def test_a_new_token_lets_in_whom_it_names_once_its_table_is_in_the_site_file(site: Path) -> None:
    """The token is not in the file; `acd token list` shows who has one."""
    made = json.loads(acd("token", "new", "nadia", "--role", "supervisor", "--json").stdout)
    shown = acd("token", "new", "nadia", "--role", "supervisor").stdout
    table = shown.partition("[[server.api.tokens]]")[2].replace(
        shown.partition('sha256 = "')[2].partition('"')[0], made["table"]["sha256"]
    )
    site.write_text(f"{SITE}[[server.api.tokens]]{table}")
    assert made["token"] not in site.read_text()
    listed = json.loads(acd("token", "list", site, "--json").stdout)["tokens"]
    assert listed == [{"name": "nadia", "role": "supervisor", "client": "", "agent": ""}]
    running = Server(site)
    found = acd("status", "--json", "--url", running.url, env={"ACD_TOKEN": made["token"]})
    assert found.returncode == 0, found.stderr
    assert running.stop() == 0


def test_a_second_server_on_the_same_data_is_refused_until_the_first_has_ended(server: Server) -> None:
    """Code 1: a service manager tries again; the line says why."""
    result = acd("serve", server.site)
    assert result.returncode == 1
    assert str(server.site) in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert httpx.get(f"{server.url}/api/v1/health", trust_env=False).status_code == 200


def test_an_address_that_is_taken_is_exit_1(server: Server, site: Path) -> None:
    """And says so in one line after the log."""
    port = server.url.rpartition(":")[2]
    site.write_text(SITE.replace("port = 0", f"port = {port}"))
    result = acd("serve", site)
    assert result.returncode == 1
    assert f"Address already in use: the API, 127.0.0.1 port {port}" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_the_log_is_json_without_personal_data(server: Server) -> None:
    """Every line so far could be parsed, and has level, time and message."""
    assert server.log
    for line in server.log:
        assert {"level", "timestamp", "message"} <= set(line)


def test_upgrade_has_nothing_to_do_for_a_journal_of_this_version(site: Path) -> None:
    """Exit 0 and it says so; while a server runs it is refused."""
    running = Server(site)
    refused = acd("upgrade", site)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert running.stop() == 0
    result = acd("upgrade", site)
    assert result.returncode == 0
    assert result.stdout.startswith("nothing to do")

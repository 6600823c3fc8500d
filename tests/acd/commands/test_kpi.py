"""`acd kpi` over a real journal: numbers, days, rules printed, and questions that cannot be answered."""

import contextlib
import json
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from acd.commands.cli import app
from acd.commands.kpi import kpi
from acd.core import events
from acd.core.engine import ENGINE_VERSION
from acd.journal import losses
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.kpi.definitions import DEFINITIONS
from acd.ports import JournalEntry, Snapshot
from acd.reports.periods import intervals_of, told
from acd.testing.story import START_MS, Story, agent, declared, desk, line
from acd.web.protocol import socket_path
from agents.capacity import MAIL
from queues.desk import Desk, TenantId, WrapUpRule
from tests.acd.kpi import golden

DAY = datetime(2027, 1, 15)
"""The story's, in UTC: it begins at eight in the morning."""
SECOND = 1_000
SITE = """
[server]
data_dir = "var"
timezone = "Europe/Berlin"
[tenants.acme]
[tenants.other]
[skills]
help = "Help"
[agents.anna]
skills = { help = 9 }
[calendars.office]
timezone = "UTC"
[calendars.office.hours]
mon = "08:00-18:00"
[lines.help]
tenant = "acme"
skills = { help = 1 }
calendar = "office"
[lines.night]
tenant = "acme"
skills = { help = 1 }
[lines.away]
tenant = "other"
skills = { help = 1 }
[entries.voice."help"]
line = "help"
[entries.voice."night"]
line = "night"
[entries.voice."away"]
line = "away"
[kpi.kept]
formula = "(answered - short) / contacts * 100"
unit = "%"
name = "Kept"
version = 3
"""


class Journalled(Story):
    """A story that a journal remembers."""

    def __init__(self, opened: Desk, journal: SqliteJournal) -> None:
        self.journal, self.seq = journal, 0
        super().__init__(opened)

    def _handle(self, event: events.Event) -> None:
        super()._handle(event)
        self.seq += 1
        encoded = encode_facts(self.outcome.facts)
        self.journal.append(
            JournalEntry(
                self.seq,
                START_MS + self.now,
                ENGINE_VERSION,
                encode_event(event),
                encoded,
                facts_digest(encoded),
            )
        )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    """Open, as while the server runs."""
    made = SqliteJournal(tmp_path / "var" / "journal")
    made.open(lambda seq: None, lambda seq: None, fail)
    yield made
    made.close()


def fail(error: Exception) -> None:
    raise error


@pytest.fixture
def golden_site(site: Path, journal: SqliteJournal) -> Path:
    golden.told(lambda opened: Journalled(opened, journal))
    journal.flush()
    return site


def asked(capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    assert kpi(**options, as_json=True) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def refused(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    assert kpi(**options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1, said.err
    return said.err.strip()


def test_the_golden_set_comes_out_of_the_journal_of_a_running_site(
    golden_site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = asked(capsys, client="acme", day=DAY, site=golden_site)
    assert found["timezone"] == "UTC"
    kpis = found["total"]["kpis"]
    assert (kpis["contacts"], kpis["answered"], kpis["abandons_negative"]) == (18, 5 / 8, 5 / 11)
    assert (kpis["reachability"], kpis["reachability_net"], kpis["kept"]) == (8 / 14, 8 / 12, 600 / 18)
    assert found["total"]["waits_ms"]["answered"] == {
        "p50": 19_000,
        "p90": 90_000,
        "p95": 90_000,
        "p99": 90_000,
    }
    assert found["total"]["outcomes"]["flowed out: callback"] == 1
    assert found["lines"]["night"]["counts"]["blocked"] == 1
    assert found["lines"]["help"]["counts"]["arrived"] == 17
    assert found["agents"]["anna"]["answered"] == 8
    assert found["open"] == 0


def test_intervals_add_up_to_the_day(golden_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, client="acme", day=DAY, interval="15m", site=golden_site)
    assert len(found["intervals"]) == 96
    assert found["intervals"][32]["from"] == "2027-01-15T08:00:00+00:00"
    for name in ("arrived", "answered", "abandoned", "wait_ms", "busy_ms", "present_ms"):
        assert sum(one["counts"][name] for one in found["intervals"]) == found["total"]["counts"][name]


def test_every_report_says_what_its_definitions_mean(
    golden_site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = asked(
        capsys,
        client="acme",
        day=DAY,
        site=golden_site,
        threshold="12s",
        short="3s",
        definition=["answered", "kept"],
    )
    service_level, own = found["definitions"]
    assert service_level == {
        "name": "answered",
        "version": 1,
        "formula": "in_time / answered",
        "unit": "share",
        "meaning": DEFINITIONS["answered"].meaning,
        "german": DEFINITIONS["answered"].german,
        "threshold_s": 12.0,
        "short_abandon": "given up by the caller after less than 3 s",
        "reply_s": 28_800.0,
        "interval": "entry: a contact counts in the interval in which it entered the line",
    }
    assert (own["name"], own["version"], own["meaning"]) == ("kept", 3, "Kept")
    assert found["total"]["kpis"] == {"answered": 3 / 8, "kept": 700 / 18}


def test_the_table_has_the_numbers_and_the_rules(
    golden_site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "220")
    assert kpi(client="acme", day=DAY, site=golden_site) == 0
    said = capsys.readouterr().out
    for text in (
        "45.45 %",
        "57.14 %",
        "33.33 %",
        "given up by the caller",
        "acme: 2027-01-15T00:00:00+00:00",
    ):
        assert text in said


def test_one_line_counts_its_segments(golden_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, client="acme", line="night", day=DAY, site=golden_site)
    assert found["total"]["counts"]["arrived"] == found["total"]["counts"]["blocked"] == 1
    assert list(found["lines"]) == ["night"]


def test_another_client_sees_nothing_of_it(golden_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, client="other", day=DAY, site=golden_site)
    assert found["total"]["counts"]["arrived"] == 0
    assert found["agents"] == {}
    assert found["timezone"] == "Europe/Berlin"


def test_a_copy_of_the_journal_needs_no_site(
    golden_site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = asked(capsys, client="acme", day=DAY, journal=tmp_path / "var" / "journal")
    assert found["total"]["kpis"]["contacts"] == 18
    said = refused(capsys, client="nobody", day=DAY, journal=tmp_path / "var" / "journal")
    assert said == 'acd: unknown client "nobody" (known: acme)'


def test_who_waits_over_midnight_counts_where_he_queued_or_where_he_was_answered(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    hour = 3_600 * SECOND
    story = Journalled(desk(line("help"), agent("anna")), journal)
    number = story.arrive(16 * hour - 10 * SECOND)
    story.ready(16 * hour + 20 * SECOND, "anna").accept(16 * hour + 25 * SECOND, "anna")
    story.release(16 * hour + 90 * SECOND, number, "anna")
    journal.flush()
    next_day = DAY + timedelta(days=1)
    by_entry = [asked(capsys, client="acme", day=day, site=site) for day in (DAY, next_day)]
    assert [one["total"]["counts"]["answered"] for one in by_entry] == [1, 0]
    assert by_entry[0]["total"]["kpis"]["asa"] == 35_000
    assert by_entry[0]["total"]["kpis"]["occupancy"] is None
    by_event = [asked(capsys, client="acme", day=day, site=site, view="event") for day in (DAY, next_day)]
    assert [one["total"]["counts"]["answered"] for one in by_event] == [0, 1]


def test_a_contact_that_came_weeks_before_is_found(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report reads back as far as the contacts of its days need, through the archive."""
    day = 24 * 3_600 * SECOND
    story = Journalled(desk(line("help"), agent("anna", (MAIL, 1))), journal)
    number = story.arrive(0, medium=MAIL)
    for later in range(1, 60):
        story.leave(later * day + SECOND, story.arrive(later * day))
        if later % 20 == 0:
            journal.snapshot(Snapshot(story.seq, ENGINE_VERSION, story.engine.snapshot()))
            journal.flush()
    story.ready(60 * day, "anna", media=(MAIL,))
    story.accept(60 * day + SECOND, "anna").release(60 * day + 9 * SECOND, number, "anna")
    journal.flush()
    found = asked(capsys, client="acme", day=DAY + timedelta(days=60), site=site, view="event")
    assert found["total"]["counts"]["answered"] == 1
    assert found["total"]["kpis"]["asa"] == 60 * day + SECOND
    assert found["agents"]["anna"]["talk_ms"] == 8 * SECOND


def test_what_is_open_is_said(site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]) -> None:
    story = Journalled(desk(line("help"), agent("anna")), journal)
    story.arrive(0)
    journal.flush()
    found = asked(capsys, client="acme", day=DAY, site=site)
    assert (found["open"], found["total"]["counts"]["open"]) == (1, 1)
    assert kpi(client="acme", day=DAY, site=site) == 0
    assert "1 contacts are still open" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"client": "acne", "day": DAY}, 'unknown client "acne", did you mean "acme"? (known: acme, other)'),
        (
            {"client": "acme", "day": DAY, "line": "hlp"},
            'unknown line "hlp", did you mean "help"? (known: away, help, night)',
        ),
        ({"client": "acme", "day": DAY, "line": "away"}, 'unknown line of acme "away" (known: help, night)'),
        ({"client": "acme"}, "which days? give --day, or --from and --to"),
        ({"client": "acme", "day": DAY, "last": DAY}, "give --day, or --from and --to, not both"),
        (
            {"client": "acme", "first": DAY, "last": DAY - timedelta(days=1)},
            "--interval: the last day, 2027-01-14, is before the first, 2027-01-15",
        ),
        (
            {"client": "acme", "day": DAY, "interval": "fortnight"},
            '--interval: "fortnight" is not a duration',
        ),
        ({"client": "acme", "day": DAY, "interval": "5s"}, "--interval: an interval has at least one minute"),
        ({"client": "acme", "day": DAY, "threshold": "soon"}, '--threshold: "soon" is not a duration'),
        ({"client": "acme", "day": DAY, "view": "both"}, '--view: "both" is none of entry, event'),
        ({"client": "acme", "day": DAY, "timezone": "Mars"}, '--timezone: there is no time zone "Mars"'),
        ({"client": "acme", "day": datetime(1901, 1, 1)}, "days lie between the years 1980 and 2999"),
        (
            {"client": "acme", "day": DAY, "definition": ["asaa"]},
            'unknown definition "asaa", did you mean "asa"?',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    golden_site: Path, capsys: pytest.CaptureFixture[str], options: dict[str, Any], message: str
) -> None:
    assert message in refused(capsys, site=golden_site, **options)


def test_without_a_journal_there_is_no_answer(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi(client="acme", day=DAY, site=site) == 1
    assert "there is no journal in" in capsys.readouterr().err
    assert "which journal?" in refused(capsys, client="acme", day=DAY)


def test_a_wrong_formula_is_an_error_of_the_site(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`acd check` and `acd kpi` say where; exit 2."""
    site.write_text(SITE.replace("(answered - short)", "(answerd - short)"))
    said = f'acd: {site}: kpi.kept.formula: column 2: unknown name "answerd", did you mean "answered"?\n'
    for command in (
        ["check", str(site)],
        ["kpi", "--client", "acme", "--day", "2027-01-15", "--site", str(site)],
    ):
        assert app(command, standalone_mode=False) == 2
        assert capsys.readouterr().err == said


def test_the_command_is_one_of_acd(golden_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "kpi",
        "--client",
        "acme",
        "--from",
        "2027-01-14",
        "--to",
        "2027-01-16",
        "--site",
        str(golden_site),
    ]
    assert app([*command, "--interval", "week", "--json"], standalone_mode=False) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["kpis"]["contacts"] == 18
    assert [one["from"][:10] for one in found["intervals"]] == ["2027-01-14"]


def test_what_another_version_wrote_and_this_cannot_read_is_said(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = b"\x91\x81\xa4type\xa7Unheard"
    journal.append(JournalEntry(1, START_MS, 999, b"", strange, facts_digest(strange)))
    journal.flush()
    assert kpi(client="acme", day=DAY, site=site) == 1
    said = f"acd: journal entry 1 cannot be read: engine version 999 wrote it, this is {ENGINE_VERSION}\n"
    assert capsys.readouterr().err == said


# ---- days


def starts(first: date, last: date, interval: str, zone: str) -> list[str]:
    area = ZoneInfo(zone)
    return [told(t_ms, area)[:16] for t_ms in intervals_of(first, last, interval, area).bounds]


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    spring = intervals_of(date(2027, 3, 28), date(2027, 3, 28), "30m", ZoneInfo("Europe/Berlin"))
    autumn = intervals_of(date(2027, 10, 31), date(2027, 10, 31), "30m", ZoneInfo("Europe/Berlin"))
    assert [len(spring.starts), len(autumn.starts)] == [46, 50]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("week", ["2027-01-30", "2027-02-01", "2027-02-08", "2027-02-11"]),
        ("month", ["2027-01-30", "2027-02-01", "2027-02-11"]),
        ("quarter", ["2027-01-30", "2027-02-11"]),
        ("year", ["2027-01-30", "2027-02-11"]),
    ],
)
def test_intervals_of_the_calendar_are_cut_at_both_ends(interval: str, expected: list[str]) -> None:
    found = starts(date(2027, 1, 30), date(2027, 2, 10), interval, "Europe/Berlin")
    assert found == [f"{day}T00:00" for day in expected]


def test_quarters_and_years_begin_where_they_do() -> None:
    assert starts(date(2026, 11, 1), date(2027, 7, 31), "quarter", "UTC")[1:-1] == [
        "2027-01-01T00:00", "2027-04-01T00:00", "2027-07-01T00:00",
    ]  # fmt: skip
    assert starts(date(2026, 11, 1), date(2027, 7, 31), "year", "UTC")[1:-1] == ["2027-01-01T00:00"]


def test_the_day_of_the_stories_is_that_day() -> None:
    assert datetime.fromtimestamp(START_MS / 1000, UTC).date() == DAY.date()


# The record


def test_the_same_record_gives_the_same_report_for_ever(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a desk that stopped while somebody talked, and somebody else wrapped up."""
    opened = desk(
        line("help", wrap_up=WrapUpRule(ms=60 * SECOND)), agent("anna"), agent("bert"), agent("zoe")
    )
    story = Journalled(opened, journal)
    story.ready(0, "anna", "bert", "zoe")
    for number, name in enumerate(("anna", "bert", "zoe")):
        story.arrive(number * SECOND)
        story.accept(number * SECOND, name)
    story.release(10 * SECOND, 1, "anna").release(100 * SECOND, 2, "bert")
    journal.flush()
    first = asked(capsys, client="acme", day=DAY, site=site)
    counts = first["total"]["counts"]
    assert (counts["arrived"], counts["answered"], counts["open"], first["open"]) == (3, 1, 2, 2)
    assert (counts["handled"], counts["talk_ms"], counts["wrap_up_ms"]) == (1, 10 * SECOND, 60 * SECOND)
    monkeypatch.setattr("time.time_ns", lambda: (START_MS + 90 * 24 * 3_600 * SECOND) * 1_000_000)
    assert asked(capsys, client="acme", day=DAY, site=site) == first
    assert first["goes_on"] is False
    assert kpi(client="acme", day=DAY, site=site) == 0
    assert "the record ends 2027-01-15" in capsys.readouterr().out


def test_of_a_desk_that_runs_the_present_is_now(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Journalled(desk(line("help"), agent("anna")), journal)
    story.ready(0, "anna")
    journal.flush()
    monkeypatch.setattr("time.time_ns", lambda: (START_MS + 3_600 * SECOND) * 1_000_000)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_path(site.parent / "var")))
        assert asked(capsys, client="acme", day=DAY, site=site)["goes_on"] is False, "nobody listens there"
        server.listen()
        assert asked(capsys, client="acme", day=DAY, site=site)["goes_on"] is True


@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 5), (2, 9)])
def test_a_record_with_a_hole_is_refused_with_what_is_missing(
    golden_site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str], first: int, last: int
) -> None:
    journal.close()
    (segment,) = (golden_site.parent / "var" / "journal").glob("segment-*.db")
    with contextlib.closing(sqlite3.connect(segment)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE seq BETWEEN ? AND ?", (first, last))
    assert kpi(client="acme", day=DAY, site=golden_site) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"entries {first} to {last} are missing, the next is of 2027-01-1" in said.err


def test_a_record_without_its_end_is_refused_and_an_accepted_loss_stands_in_the_head(
    golden_site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.close()
    folder = golden_site.parent / "var" / "journal"
    (segment,) = folder.glob("segment-*.db")
    with contextlib.closing(sqlite3.connect(segment)) as connection, connection:
        ((last,),) = connection.execute("SELECT max(seq) FROM entries")
        connection.execute("DELETE FROM entries WHERE seq > 20")
        connection.execute("UPDATE segment SET sealed_seq = NULL")
    assert kpi(client="acme", day=DAY, site=golden_site) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{segment}: ends with entry 20 of 2027-01-1" in said.err
    assert f"but entries 21 to {last} were synced, and are gone" in said.err

    accepting = SqliteJournal(folder, accept_loss=True)
    accepting.open(lambda seq: None, lambda seq: None, fail)
    accepting.close()
    # It was accepted when this test ran: before the story's days, so it is dated anew.
    (loss,) = losses.losses(folder)
    (folder / losses.FILE).unlink()
    losses.note_loss(folder, msgspec.structs.replace(loss, accepted_ms=START_MS + 5 * 86_400 * SECOND))
    (told_loss,) = asked(capsys, client="acme", day=DAY, site=golden_site)["losses"]
    assert (told_loss["first"], told_loss["last"]) == (21, last)
    assert kpi(client="acme", day=DAY, site=golden_site) == 0
    assert f"entries 21 to {last} were lost, which was accepted" in " ".join(capsys.readouterr().out.split())
    assert asked(capsys, client="acme", day=DAY + timedelta(days=9), site=golden_site)["losses"] == []


def test_incidents_have_a_line_each_of_the_client_s_own_contacts(
    golden_site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = asked(capsys, client="acme", day=DAY, site=golden_site)["incidents"]
    assert (one["incident"], one["declared"][:10]) == ("(of several clients)", "2027-01-15")
    assert (one["gross"], one["heard"], one["ended"], one["stayed"], one["linked"]) == (2, 2, 2, 0, 0)
    assert asked(capsys, client="other", day=DAY, site=golden_site)["incidents"] == []
    assert asked(capsys, client="acme", day=DAY, line="help", site=golden_site)["incidents"] == []
    monkeypatch.setenv("COLUMNS", "220")
    assert kpi(client="acme", day=DAY, site=golden_site) == 0
    assert "(of several clients)" in capsys.readouterr().out


def test_an_incident_of_the_client_alone_has_its_name(
    site: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Journalled(desk(line("help"), agent("anna")), journal)
    story.at(0, declared("ours", tenants=(TenantId("acme"),))).at(0, declared("all"))
    story.arrive(SECOND)
    journal.flush()
    found = asked(capsys, client="acme", day=DAY, site=site)["incidents"]
    assert [one["incident"] for one in found] == ["ours", "(of several clients)"]
    assert [one["over"] for one in found] == [None, None]

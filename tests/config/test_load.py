"""A site file becomes the objects that it describes."""

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest

from agents.capacity import FAX, MAIL, VOICE
from config.build import build_site
from config.documents import read_documents
from config.entries import entry_id
from config.errors import ConfigError
from config.kpis import KpiRule
from config.load import CHANNELS, DEMO_SITE, check, defaults, load
from config.opening import CalendarRule
from config.schema import EscalationStep, JournalKind, ListKind, Passage, Site
from config.secret import Secret
from config.table import Reading
from queues.desk import (
    ALWAYS,
    Agent,
    CallbackRule,
    Desk,
    EntryId,
    LastAgentRule,
    Line,
    LineId,
    Medium,
    Order,
    OutboundRule,
    Overflow,
    Policy,
    Relaxation,
    TalkLimit,
    TenantId,
    Way,
    WrapUpRule,
)
from queues.escalation import ASK
from queues.names import TreatmentId
from queues.treatment import (
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    When,
)

HERE = Path(__file__).parent
DEMO_AGENTS = ("anna", "bert", "clara", "david", "emine", "fritz")
DEMO_ENVIRON = {f"ACD_DEMO_{name.upper()}": f"invented {name}" for name in (*DEMO_AGENTS, "token")}


@pytest.fixture
def everything(tmp_path: Path) -> Site:
    """The site of everything.toml, which uses every key."""
    for file in HERE.glob("everything*.toml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "bert.secret").write_text("invented bert\n")
    (tmp_path / "bert.secret").chmod(0o600)
    return load(tmp_path / "everything.toml", {"ACD_ANNA": "invented anna", "ACD_TOKEN": "invented token"})


def test_first_line(everything: Site) -> None:
    """Every key of a line reaches its field, durations in milliseconds."""
    team, experts, german = (("group:team", 1),), (("network", 3),), (("german", 2), ("group:team", 1))
    assert msgspec.structs.asdict(everything.desk.lines[0]) == {
        "id": "first",
        "tenant": "acme",
        "needs": (experts, team, german),
        "priority_class": 3,
        "target_ms": 45_500,
        "calendar": "office",
        "hours": "office",
        "policy": Policy.ROUND_ROBIN,
        "relaxations": (Relaxation(30_000, (team,)), Relaxation(60_000, ((("network", 1),),))),  # type: ignore[arg-type]
        "promotion": everything.desk.lines[0].promotion,
        "target_warning_ms": 10_000,
        "ring_ms": 15_000,
        "ring_at_once": 2,
        "retry_tried_ms": 60_000,
        "max_wait_ms": 600_000,
        "max_length": 7,
        "when_waited": Way(Overflow.LINE, everything.desk.lines[1].id),
        "when_full": Way(Overflow.TREATMENT, treatment=TreatmentId("busy")),
        "when_closed": Way(Overflow.TREATMENT, treatment=TreatmentId("closed")),
        "wrap_up": WrapUpRule(90_000, ("solved",), code_required=True, max_extension_ms=120_000),
        "callback": CallbackRule(Order.CALLER_FIRST, 2, 600_000, 20_000, 7_200_000, False),
        "last_agent": LastAgentRule(7 * 86_400_000, 30_000),
        "talk_limit": TalkLimit(480_000, "talk_limit:first", 60_000, 600_000, LineId("second")),
        "greeting": "greeting:first",
        "greeting_mandatory": True,
        "whisper": "",
        "music": "calm",
        "announce_every_ms": 20_000,
        "treatment": "waiting",
        "survey": "survey",
        "level": 2,
        "reconnect": "reconnect:first",
    }
    promotion = everything.desk.lines[0].promotion
    assert promotion is not None
    assert (promotion.before_ms, promotion.priority_class) == (5000, 1)


def test_a_silent_line_has_the_defaults_of_the_desk(everything: Site) -> None:
    """defaults.toml and queues/desk.py say the same of a line that says nothing."""
    second = everything.desk.lines[1]
    assert second == Line(id=second.id, tenant=second.tenant, needs=second.needs)


def test_a_silent_desk_has_the_defaults_of_the_desk() -> None:
    """defaults.toml and queues/desk.py say the same of pauses and of an agent's capacity."""
    said = defaults()
    assert tuple(said["desk"]["pause_reasons"]) == Desk().pause_reasons  # type: ignore[arg-type]
    assert said["desk"]["no_answer_reason"] == Desk().no_answer_reason
    assert (said["desk"]["device_grace"], said["desk"]["leg_grace"]) == ("30s", "90s")
    assert (Desk().device_grace_ms, Desk().leg_grace_ms) == (30_000, 90_000)
    assert said["agents"]["capacity"] == dict(Agent.__struct_defaults__[0])


def test_agents_and_entries(everything: Site) -> None:
    """Group members get the group's skill; entries have bare numbers and lower-case mailboxes."""
    anna, bert = everything.desk.agents
    assert anna.skills == (("german", 9), ("group:team", 1), ("network", 4))
    assert anna.capacity == ((MAIL, 3), (VOICE, 1))
    assert (bert.skills, bert.capacity) == ((("network", 3),), ((FAX, 1), (VOICE, 1)))
    shown = [
        (e.id, e.line, e.medium, e.priority_class, e.head_start_ms, e.treatment)
        for e in everything.desk.entries
    ]
    assert shown == [
        ("+49305550101", "first", VOICE, 2, 120_000, "welcome"),
        ("help@acme.example", "first", MAIL, None, 0, ""),
        ("+49305550102", "second", FAX, None, 0, ""),
    ]
    assert {entry.tenant for entry in everything.desk.entries} == {"acme"}


def test_what_belongs_to_the_desk(everything: Site) -> None:
    """Pauses, interruption and names; names are not in the desk, which is journalled."""
    desk = everything.desk
    assert (desk.pause_reasons, desk.no_answer_reason) == (("lunch",), "did not answer")
    assert (desk.device_grace_ms, desk.leg_grace_ms) == (10_000, 60_000)
    assert desk.interrupts == (
        (VOICE, MAIL),
        (VOICE, FAX),
        (MAIL, FAX),
    )
    assert dict(everything.names.agents) == {"anna": "Anna", "bert": "Bert"}
    assert dict(everything.names.lines) == {"first": "First", "second": "second"}
    assert dict(everything.names.tenants) == {"acme": "ACME"}
    assert dict(everything.names.skills) == {"network": "Networks", "german": "German"}
    assert b"Anna" not in msgspec.json.encode(desk)


def test_whom_we_may_call(everything: Site) -> None:
    """In the order of the file; a rule that says little holds for every client, by SIP."""
    assert everything.desk.outbound == (
        OutboundRule(
            "callback", ("local", "mobile"), "sip", TenantId("acme"), 3, 40, 2, "+49305550100", ("+49",)
        ),
        OutboundRule("callback", ("toll_free",), "sip", per_hour=100, per_number=6),
        OutboundRule("escalation", ("mobile",), "sip", per_hour=100, per_number=6),
    )
    assert check(DEMO_SITE, DEMO_ENVIRON)[0].desk.outbound == ()  # type: ignore[union-attr]


def test_an_escalation_list_is_read_as_it_is_written(everything: Site) -> None:
    """And no number of it gets into the desk, which is journalled."""
    night = everything.escalations["night"]
    assert (night.tenant, night.entry, night.rounds) == (TenantId("acme"), EntryId("+49305550101"), 2)
    assert (night.gap_ms, night.mail, night.has_text) == (300_000, "night@acme.example", True)
    assert night.steps == (
        EscalationStep("duty", 20_000, "0171 5550109"),
        EscalationStep("anna", 30_000, "", "anna"),
    )
    assert Passage("de", "Der Mailserver steht.") in everything.prompts["escalation:night"]
    assert [one.language for one in everything.prompts[ASK]] == list(everything.languages)
    assert "5550109" not in repr(everything.desk)


def test_greetings_and_music(everything: Site, tmp_path: Path) -> None:
    """Greetings come in the line's order of languages, spoken or recorded."""
    recording = tmp_path / "everything.toml"
    assert everything.prompts["greeting:first"] == (
        Passage("de", "Guten Tag"),
        Passage("en-GB", "", recording),
    )
    assert dict(everything.line_languages) == {"first": ("de", "en-GB"), "second": ("en-GB", "de")}
    assert dict(everything.music) == {"default": None, "calm": recording}


def test_treatments(everything: Site) -> None:
    """Every step, with durations in milliseconds, keys in their order, and what holds where it is silent."""
    assert {one.id: one.steps for one in everything.desk.treatments} == {
        "welcome": (
            Say("treatment:welcome:0"),
            When(Condition.VIP, TreatmentId("printers")),
            When(Condition.BEHIND, TreatmentId("busy"), 5),
            Menu(
                "treatment:welcome:3",
                (("1", TreatmentId("printers")), ("#", TreatmentId("welcome"))),
                5000,
                "calm",
            ),
            Enqueue(),
        ),
        "printers": (Say("treatment:printers:0"), Enqueue(LineId("second"))),
        "waiting": (
            When(Condition.WAITED, TreatmentId("offer"), 120_000),
            When(Condition.EXPECTED_WAIT, TreatmentId("offer"), 180_000),
            SayPosition(),
            SayExpectedWait(),
            Music("calm", 30_000),
            GoOn(TreatmentId("waiting")),
        ),
        "offer": (
            When(Condition.NOBODY, TreatmentId("busy")),
            When(Condition.CALLBACK, TreatmentId("callback")),
            Music("default"),
        ),
        "callback": (
            Menu(
                "treatment:callback:0",
                (("*", TreatmentId("parked")), ("0", TreatmentId("voicemail"))),
                8000,
                "default",
            ),
            GoOn(TreatmentId("waiting")),
        ),
        "voicemail": (
            Collect("treatment:voicemail:0", "customer", 8, 6_000, "default"),
            Record(120_000),
            Record(30_000),
            Park("voicemail"),
            End(),
        ),
        "parked": (SetLanguage("de"), Park(), End()),
        "survey": (
            Menu(
                "treatment:survey:0",
                (("1", TreatmentId("busy")), ("2", TreatmentId("busy"))),
                8_000,
                "default",
            ),
        ),
        "busy": (Say("treatment:busy:0"), Music("default", 1000)),
        "closed": (Say("treatment:closed:0"), End()),
    }


def test_texts_of_treatments(everything: Site, tmp_path: Path) -> None:
    """Each text has the number of its step, from 0 as in messages, and every language of its treatment."""
    recording = tmp_path / "everything.toml"
    texts = {name: said for name, said in everything.prompts.items() if name.startswith("treatment:")}
    assert texts == {
        "treatment:welcome:0": (Passage("de", "Willkommen"),),
        "treatment:welcome:3": (Passage("de", "Drucker: die 1"),),
        "treatment:printers:0": (Passage("en-GB", "Printers"), Passage("de", "", recording)),
        "treatment:callback:0": (Passage("de", "", recording),),
        "treatment:voicemail:0": (Passage("de", "Nummer?"),),
        "treatment:survey:0": (Passage("de", "Wie war es?"),),
        "treatment:busy:0": (Passage("de", "Alles besetzt"),),
        "treatment:closed:0": (Passage("de", "Geschlossen"),),
    }


def test_kpis_of_the_clients_own(everything: Site, tmp_path: Path) -> None:
    """A formula stays a text here; a message about it can say where it stands."""
    assert everything.kpis == (
        KpiRule(
            "within_reach",
            "(answered - short) / contacts * 100",
            "%",
            "Within reach",
            2,
            str(tmp_path / "everything-more.toml"),
            "kpi.within_reach.formula",
        ),
    )


def test_server(everything: Site, tmp_path: Path) -> None:
    """Server settings; the data folder is relative to the file that names it."""
    server = everything.server
    assert (server.data_dir, server.journal, server.drain_ms) == (
        tmp_path / "data",
        JournalKind.MEMORY,
        5_400_000,
    )
    assert (server.timezone, server.api.host, server.api.port) == ("Europe/Berlin", "192.0.2.1", 9000)
    assert server.api.token == Secret("invented token")


def test_phones(everything: Site) -> None:
    """Phones by SIP user, with passwords from environment and file, which no text of the site shows."""
    assert {user: (phone.agent, phone.password) for user, phone in everything.phones.items()} == {
        "anna": ("anna", Secret("invented anna")),
        "bert": ("bert", Secret("invented bert")),
    }
    assert "invented" not in repr(everything)


def test_channels(everything: Site) -> None:
    """Tables of channels are kept for them as they stand, with file and path."""
    assert sorted(everything.channels) == ["fax", "mail", "sip"]
    sip = everything.channels["sip"]
    assert (Path(sip.file).name, sip.path, sip.data) == (
        "everything.toml",
        "sip",
        {"listen": "127.0.0.1:5060"},
    )


def test_calendars(everything: Site) -> None:
    """Rules stay rules until somebody who knows the time resolves them."""
    assert everything.calendars == (
        CalendarRule(
            everything.desk.lines[0].hours,
            "America/New_York",
            (((480, 720), (780, 1080)), ((1320, 1800),), (), ((0, 1440),), (), (), ((540, 600),)),
            {date(2026, 12, 25): (), date(2026, 12, 26): (), date(2026, 12, 24): ((480, 720),)},
            "US-NY",
        ),
    )
    assert everything.desk.calendars == ()
    monday = 1_781_481_600_000  # 2026-06-15T00:00Z
    (office,) = everything.desk_at(monday, monday + 86_400_000).calendars
    assert office.opens == (
        (monday + 12 * 3_600_000, monday + 16 * 3_600_000),
        (monday + 17 * 3_600_000, monday + 22 * 3_600_000),
    )


def test_the_demo_site() -> None:
    """The demo is complete and without warnings: two clients, four lines, six agents, open at any hour."""
    site, errors, warnings = check(DEMO_SITE, DEMO_ENVIRON)
    assert (errors, warnings) == ((), ())
    assert site is not None
    desk = site.desk
    assert [len(part) for part in (desk.tenants, desk.lines, desk.agents)] == [2, 4, 6]
    assert tuple(site.phones) == DEMO_AGENTS
    assert {line.hours for line in desk.lines} == {ALWAYS}
    assert not any(line.wrap_up.code_required for line in desk.lines)
    assert max(entry.head_start_ms for entry in desk.entries) == 120_000
    assert sum(line.greeting_mandatory for line in desk.lines) == 1
    assert all(len(passages) for passages in site.prompts.values())
    assert site.channels["sip"].data["listen"] == "127.0.0.1:5060"


def test_the_demo_site_holds_no_secret() -> None:
    """Without its environment the demo misses its token and six passwords, and says which."""
    _, errors, _ = check(DEMO_SITE, {})
    assert sorted(problem.reason for problem in errors) == sorted(
        f"environment variable {name} is not set" for name in DEMO_ENVIRON
    )


def test_load_raises_what_check_tells() -> None:
    """`load` raises all errors in one exception, a line each."""
    with pytest.raises(ConfigError) as caught:
        load(DEMO_SITE, {})
    assert caught.value.problems == check(DEMO_SITE, {})[1]
    assert len(str(caught.value).splitlines()) == 7


def test_no_site_file(tmp_path: Path) -> None:
    """A file that is not there is one clear line."""
    with pytest.raises(ConfigError, match=r"site\.toml: cannot be read: No such file or directory$"):
        load(tmp_path / "site.toml", {})


def test_not_utf8(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    (tmp_path / "site.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError, match=r"site\.toml: cannot be read: it is not UTF-8 text$"):
        load(tmp_path / "site.toml", {})


@pytest.mark.parametrize(
    ("medium", "address", "identity"),
    [
        (VOICE, "+49 (30) 555-0101", "+49305550101"),
        (VOICE, "030/5550101", "0305550101"),
        (VOICE, "helpdesk", "helpdesk"),
        (VOICE, "", None),
        (VOICE, "a b", None),
        (VOICE, "+49 30 5550 [00-49]", "+49305550[00-49]"),
        (VOICE, "+49 30 5550 [00 - 49]", "+49305550[00-49]"),
        (VOICE, "030/5550[0-4]", "0305550[0-4]"),
        (VOICE, "+49 30 5550 [00-149]", None),
        (VOICE, "+49 30 5550 [49-00]", None),
        (VOICE, "help [0-4]", None),
        (VOICE, "+49 30 5550 [0-", None),
        (FAX, "+49 30 5550 [00-49]", None),
        (FAX, "+49 30 555 0102", "+49305550102"),
        (FAX, "fax", None),
        (MAIL, "Help@Acme.Example", "help@acme.example"),
        (MAIL, "help", None),
        (MAIL, "a@b@c", None),
    ],
)
def test_entry_ids(medium: Medium, address: str, identity: str | None) -> None:
    """A dialled number and the written one meet in one id."""
    assert entry_id(medium, address) == identity


def test_a_client_s_lists_are_files_and_his_numbers_are_those_of_his_country(everything: Site) -> None:
    """What is in the files is the directory's business."""
    directory = everything.directory
    assert (dict(directory.regions), directory.internal_digits) == ({"acme": "DE"}, 4)
    assert [(file.tenant, file.kind, file.path.name) for file in directory.files] == [
        ("acme", ListKind.VIP, "everything.toml"),
        ("acme", ListKind.USERS, "everything-more.toml"),
    ]
    assert all(file.path.is_absolute() for file in directory.files)


def test_every_key_has_its_place_in_the_reference() -> None:
    """docs/reference/configuration.md has a row for every key that the schema knows, and for no other."""
    reading = Reading(secrets=False)
    build_site(read_documents(HERE / "everything.toml", reading), reading, defaults(), CHANNELS)
    assert documented(HERE.parents[1] / "docs" / "reference" / "configuration.md") == {
        re.sub(r"^entries\.(voice|mail|fax)\.\*", "entries.*.*", key) for key in reading.keys
    }


def documented(page: Path) -> set[str]:
    """Keys of a page: the first cell of each row, after the prefix in the heading above it."""
    keys: set[str] = set()
    prefix = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            prefix = line.split("`")[1].strip("[]") + "." if "`" in line else ""
        elif line.startswith("| `"):
            keys.update(
                prefix + key for key in line.split("|")[1].replace("`", "").replace(" ", "").split(",")
            )
    return keys

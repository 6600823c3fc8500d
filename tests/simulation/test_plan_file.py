"""A plan becomes the scenario that it describes, or says all that is wrong with it."""

import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from config.documents import read_documents
from config.errors import ConfigError, Problem
from config.table import Reading
from queues.desk import EntryId, LineId
from simulation.laws import Kind, empirical, exponential, fixed, gamma, lognormal
from simulation.plan import plan_file
from simulation.plan.plan_file import DEMO_PLAN, Plan, load_plan
from simulation.plan.plan_writing import write_plan
from simulation.scenario import Callbacks, Consulting, Duty, Goal, Habits, Redial, Scenario, Surge
from simulation.staffing.shifts import ShiftRules
from simulation.world.playable import check
from tests.simulation.everything_plan import FILES, FORECAST, PLAN, ROSTER, write_files

S, MIN, H = 1_000, 60_000, 3_600_000
BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = round(datetime(2026, 11, 23, 8, tzinfo=BERLIN).timestamp() * 1000)
HELP, SECOND, MAILS = LineId("help"), LineId("second"), LineId("mail")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "plan.md"


def everything(folder: Path) -> Plan:
    return load_plan(write_files(folder), {})


def wrong(folder: Path, **changed: str) -> list[str]:
    """What is said about a plan with these files changed, without the folder's name."""
    with pytest.raises(ConfigError) as caught:
        load_plan(write_files(folder, **changed), {})
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def plan_with(old: str, new: str) -> str:
    assert old in PLAN
    return PLAN.replace(old, new)


def test_time_is_that_of_the_plan(tmp_path: Path) -> None:
    made = everything(tmp_path).scenario
    assert (made.name, made.start_ms, made.interval_ms, made.intervals) == ("everything", EIGHT, 30 * MIN, 4)
    assert (made.end_ms, made.run_on_ms, made.short_ms) == (EIGHT + 2 * H, 45 * MIN, 4 * S)
    assert made.daily_cv == 0.1


def test_a_forecast_row_reaches_its_interval_with_handling_time_and_patience(tmp_path: Path) -> None:
    made = everything(tmp_path).scenario
    calls, mails = made.streams
    assert list(calls.expected) == [10, 12.5, 8, 0]
    assert list(mails.expected) == [3, 0, 0, 0]
    # aht_s 300 less mean hold 15 s and wrap-up 30 s, against a mean talk of 240 s; empty: 1.
    assert calls.talk_factor == pytest.approx((255 / 240, 1, 105 / 240, 1))
    assert calls.patience_factor == pytest.approx((1, 240 / 180, 1, 1))
    assert (mails.talk_factor, mails.patience_factor, mails.patience) == ((), (), None)


@pytest.mark.parametrize(("minutes", "said"), [(30, ""), (60, "the rows are 60 minutes apart")])
def test_rows_by_the_hour_do_not_pass_for_half_hours(tmp_path: Path, minutes: int, said: str) -> None:
    """All calls would come in the first half of each hour."""
    times = [f"{8 + number * minutes // 60:02}:{number * minutes % 60:02}" for number in range(4)]
    rows = "".join(f"{time},mail,mail,3,,\n" for time in times)
    plan = PLAN.replace('end = "10:00"', 'end = "12:00"')
    forecast = FORECAST.replace("08:00,mail,mail,3,,\n", rows)
    if said:
        assert said in " ".join(wrong(tmp_path, plan=plan, forecast=forecast))
    else:
        load_plan(write_files(tmp_path, plan=plan, forecast=forecast), {})


def test_each_key_of_a_line_reaches_its_field(tmp_path: Path) -> None:
    made = everything(tmp_path).scenario
    calls = made.streams[0]
    assert (calls.entry, calls.vip_entry, calls.vip_share) == ("+49305550102", "+49305550100", 0.05)
    assert calls.patience == exponential(3 * MIN)
    assert calls.backlog == 2
    assert calls.redial == Redial(0.5, exponential(10 * MIN), 4, 0.2, EntryId("help@acme.example"))
    handled = made.handling[HELP, VOICE]
    assert (handled.talk, handled.hold) == (gamma(4 * MIN, 0.8), empirical([0, 30 * S]))
    assert handled.wrap_up == empirical([20 * S, 40 * S])
    assert (handled.code, handled.escalate, handled.escalate_to) == ("solved", 0.1, SECOND)
    assert handled.consult == Consulting(0.2, SECOND, lognormal(90 * S, 1), 40 * S)
    assert made.handling[SECOND, VOICE].talk == lognormal(10 * MIN, 1)
    assert made.handling[MAILS, MAIL].talk == fixed(5 * MIN)
    assert len(made.handling) == 3


def test_shifts_and_habits_reach_their_fields(tmp_path: Path) -> None:
    made = everything(tmp_path).scenario
    at = {minute: EIGHT + minute * MIN for minute in (0, 30, 45, 60, 65, 75, 90, 240, 270, 510)}
    assert made.duties == (
        Duty(AgentId("anna"), at[0], at[510], ((at[75], at[90]), (at[240], at[270]))),
        Duty(AgentId("bert"), at[0], at[90], ((at[30], at[45]), (at[60], at[65]))),
    )
    assert made.habits == Habits(
        answer_delay=lognormal(4 * S, 0.5),
        no_answer=0.02,
        back_after=exponential(2 * MIN),
        pause_every=exponential(2 * H),
        pause=lognormal(5 * MIN, 1),
    )


def test_keys_and_callbacks_reach_their_fields(tmp_path: Path) -> None:
    made = everything(tmp_path).scenario
    assert [stream.keys for stream in made.streams] == [(("1", 0.3),), ()]
    assert made.callbacks == Callbacks(0.7, 12 * S, "local")


def test_incident_goals_and_staffing_reach_their_fields(tmp_path: Path) -> None:
    plan = everything(tmp_path)
    nine = EIGHT + H
    assert plan.scenario.surge == Surge(
        nine, nine + 20 * MIN, 3.0, (HELP,), nine + 5 * MIN, 12 * S, 0.4, mandatory=False, vip_exempt=False
    )
    assert plan.scenario.goals == (Goal(HELP, VOICE, "answered", 25 * S, 0.8),)
    assert plan.staffing.shrinkage == 0.3
    assert plan.staffing.shifts == ShiftRules(
        (8 * H, 4 * H), 6 * H, 14 * H, 15 * MIN, 45 * MIN, 2 * H, 4 * H, 12 * H, 4
    )


def test_the_desk_is_the_one_of_the_site_with_its_hours_resolved(tmp_path: Path) -> None:
    desk = everything(tmp_path).scenario.desk
    assert [agent.id for agent in desk.agents] == ["anna", "bert"]
    assert (EIGHT, EIGHT + 10 * H) in desk.calendars[0].opens


def test_every_key_is_on_the_page_of_plans_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[Reading] = []

    def reading(*args: object, **kwargs: object) -> Reading:
        readings.append(Reading(*args, **kwargs))  # type: ignore[arg-type]
        return readings[-1]

    monkeypatch.setattr(plan_file, "Reading", reading)
    everything(tmp_path)
    site = Reading({}, secrets=False)
    read_documents(tmp_path / "site.toml", site)
    keys = {re.sub(r"^lines\.\*\.(voice|mail|fax)", "lines.*.*", key) for key in readings[0].keys - site.keys}
    # All laws have the keys of the one that the page describes.
    law = r"^(.*\.)?(talk|hold|wrap_up|patience|delay|answer_delay|back_after|pause_every|pause)\.(\w+)$"
    keys = {re.sub(law, r"lines.*.*.talk.\3", key) for key in keys}
    assert keys - {"lines.*.*"} == documented() - {"lines.*.*"}


def documented() -> set[str]:
    """Keys of the page: the first cell of each row, after the prefix in the heading above it."""
    keys: set[str] = set()
    prefix = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            prefix = line.split("`")[1].strip("[]") + "." if "`" in line else ""
        elif line.startswith("| `"):
            keys.add(prefix + line.split("`")[1])
    return keys


def test_the_demo_plan_can_be_played_leaves_no_line_out_and_has_agents_off_that_day() -> None:
    made = load_plan(DEMO_PLAN, {}).scenario
    check(made)
    assert {line.id for line in made.desk.lines} == {line for line, _ in made.handling}
    working, known = {duty.agent for duty in made.duties}, {agent.id for agent in made.desk.agents}
    assert len(working) > 40
    assert working < known  # who is off may be asked when staff is planned
    assert {goal.line for goal in made.goals} == {line for line, _ in made.handling}


@pytest.mark.parametrize("source", ["demo", "everything"])
def test_a_plan_written_out_is_the_same_scenario_when_it_is_read(source: str, tmp_path: Path) -> None:
    path = DEMO_PLAN if source == "demo" else write_files(tmp_path)
    plan = load_plan(path, {})
    written = write_plan(plan.scenario, plan.span, str(path.parent / "site.toml"), tmp_path / "out")
    assert rounded(load_plan(written, {}).scenario) == rounded(plan.scenario)


def rounded(scenario: Scenario) -> dict[str, object]:
    """With factors to nine digits: they go through seconds of handling time."""
    found = asdict(scenario)
    found["streams"] = [
        {
            **asdict(stream),
            "talk_factor": [round(factor, 9) for factor in stream.talk_factor],
            "patience_factor": [round(factor, 9) for factor in stream.patience_factor],
        }
        for stream in scenario.streams
    ]
    return found


def test_several_days_are_one_scenario_and_times_of_day_hold_for_each(tmp_path: Path) -> None:
    plan = plan_with("days = 1", "days = 5").replace('start = "08:00"\nend = "10:00"', "")
    made = load_plan(write_files(tmp_path, plan=plan), {}).scenario
    assert made.intervals == 5 * 48
    assert made.streams[0].expected[16::48] == (10,) * 5
    assert len([duty for duty in made.duties if duty.agent == "bert"]) == 5


def test_a_day_on_which_the_clocks_change_has_its_own_length(tmp_path: Path) -> None:
    plan = plan_with("2026-11-23", "2026-10-25").replace('start = "08:00"\nend = "10:00"', "")
    roster = ROSTER.replace("2026-11-23", "2026-10-25")
    forecast = FORECAST.replace("08:00,mail", "2026-10-25 02:30+01:00,mail")
    made = load_plan(write_files(tmp_path, plan=plan, roster=roster, forecast=forecast), {}).scenario
    assert made.intervals == 50
    assert made.streams[1].expected.index(3) == 7
    assert made.streams[0].expected.index(10) == 18
    twice = FORECAST.replace("08:00,mail", "2026-10-25 02:30,mail")
    place, reason = wrong(tmp_path, plan=plan, roster=roster, forecast=twice)[0].rsplit(": 02:30 ")
    assert place == "forecast.csv: row 5, column interval_start"
    assert reason == "comes twice on that day: write it with +0200 or +0100"


def test_rows_for_every_day_hold_over_a_change_of_the_clocks(tmp_path: Path) -> None:
    """No offset can be written at them: what is skipped is left out, what comes twice counts twice."""
    rows = [f"{hour:02}:{minute:02},help,voice,{hour},300," for hour in (1, 2, 3) for minute in (0, 30)]
    forecast = "interval_start,line,medium,offered,aht_s,patience_s\n" + "\n".join(rows) + "\n"

    def made(first: str) -> Plan:
        plan = plan_with("2026-11-23", first).replace("days = 1", "days = 2")
        plan = plan.replace('start = "08:00"\nend = "10:00"', "")
        roster = ROSTER.replace("2026-11-23", first)
        return load_plan(write_files(tmp_path, plan=plan, roster=roster, forecast=forecast), {})

    spring = made("2026-03-29")
    assert spring.scenario.streams[0].expected[:8] == (0, 0, 1, 1, 3, 3, 0, 0)
    assert spring.scenario.streams[0].expected[46:54] == (0, 0, 1, 1, 2, 2, 3, 3)
    assert spring.notes == ("2026-03-29: the clocks skip 02:00, 02:30, left out",)
    autumn = made("2026-10-24")
    assert autumn.scenario.streams[0].expected[48:58] == (0, 0, 1, 1, 2, 2, 2, 2, 3, 3)
    assert autumn.notes == ("2026-10-25: 02:00, 02:30 comes twice and counts twice",)
    assert made("2026-11-23").notes == ()


def test_without_laws_the_columns_of_the_forecast_make_them(tmp_path: Path) -> None:
    plan = plan_with('talk = { mean = "4m", cv = 0.8, kind = "gamma" }\n', "").replace(
        'patience = { mean = "3m" }\n', ""
    )
    forecast = FORECAST.replace("10,300,", "10,300,60").replace("12.5,,240", "12.5,245,240")
    made = load_plan(write_files(tmp_path, plan=plan, forecast=forecast), {}).scenario
    mean_s = (10 * 255 + 12.5 * 200 + 8 * 105) / 30.5
    talk = made.handling[HELP, VOICE].talk
    assert (talk.kind, talk.cv) == (Kind.LOGNORMAL, 1.0)
    assert talk.mean_ms == pytest.approx(mean_s * 1000)
    assert made.streams[0].talk_factor[0] * talk.mean_ms == pytest.approx(255 * S)
    assert made.streams[0].patience == exponential((10 * 60 + 12.5 * 240 + 8 * 180) / 30.5 * S)
    rest = "does not say it either"
    assert wrong(tmp_path, plan=plan) == [
        f"forecast.csv: row 3, column aht_s: is empty, and lines.help.voice.talk {rest}",
        f"forecast.csv: row 2, column patience_s: is empty, and lines.help.voice.patience {rest}",
    ]


def test_a_plan_that_is_only_staffed_needs_no_roster(tmp_path: Path) -> None:
    start = PLAN.index("[agents]")
    path = write_files(tmp_path, plan=PLAN[:start] + PLAN[PLAN.index("[incident]") :])
    assert load_plan(path, {}, roster=False).scenario.duties == ()
    with pytest.raises(ConfigError, match=r"agents\.file: missing key"):
        load_plan(path, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('site = "site.toml"', 'site = "sit.toml"', "site: there is no file sit.toml"),
        ('site = "site.toml"\n', "", "site: missing key (the site file of the desk)"),
        ("day = 2026-11-23", 'day = "tomorrow"', 'day: must be a date such as "2026-11-23"'),
        ('end = "10:00"', 'end = "07:00"', "end: must be after start"),
        (
            'interval = "30m"',
            'interval = "45m"',
            "interval: the plan is 2 h long, no whole number of intervals",
        ),
        ("days = 1", "days = 2", "days: several days are whole days, without start and end"),
        ("short =", "shrot =", 'shrot: unknown key, did you mean "short"?'),
        ("[lines.second.", "[lines.secnod.", 'lines.secnod: unknown line "secnod", did you mean "second"?'),
        ("patience =", "patiense =", 'lines.help.voice.patiense: unknown key, did you mean "patience"?'),
        ("cv = 0.8", "cv = nan", "lines.help.voice.talk.cv: must be a number from 0 to 100"),
        ('kind = "fixed"', 'kind = "fixed", cv = 1', "lines.mail.mail.talk.cv: the fixed law has no cv"),
        ('"30s"]', '"30x"]', 'lines.help.voice.hold.values: element 2 "30x" is not a duration'),
        (
            'code = "solved"',
            'code = "sloved"',
            'lines.help.voice.code: unknown wrap-up code "sloved", did you mean "solved"?',
        ),
        ('to = "second"', 'to = "help"', "lines.help.voice.escalate.to: is the line itself"),
        ('90s" }, p', '90x" }, p', 'lines.help.voice.consult.talk.mean: "90x" is not a duration'),
        (
            'talk = { mean = "90s" }, ',
            "",
            "lines.help.voice.consult.talk: missing key (how long do they talk",
        ),
        ("555-0100", "555-0199", 'lines.help.voice.vip.entry: unknown voice entry "+49 (30) 555-0199"'),
        (
            '"help@acme.example"',
            '"nobody@acme.example"',
            'lines.help.voice.redial.other_entry: unknown voice or mail or fax entry "nobody@acme.example"',
        ),
        ('["bert"]', '["bart"]', 'agents.shifts[0].agents: unknown agent "bart", did you mean "bert"?'),
        ('"08:30-08:45"', '"10:30-10:45"', "agents.shifts[0]: a break lies outside the shift"),
        ('"09:00-09:05"', '"08:40-09:05"', "agents.shifts[0]: breaks overlap at 2026-11-22 08:40"),
        ('pause = { mean = "5m" }\n', "", "agents.pause: pause and pause_every belong together"),
        ('at = "09:00"', 'at = "11:00"', "incident.at: lies outside the plan"),
        ('announced_after = "5m"\n', "", "incident.deflect: needs announced_after: "),
        ('definition = "answered"', 'definition = "asa"', 'goals[0].definition: unknown definition "asa"'),
        (
            'lengths = ["8h", "4h"]',
            'lengths = ["8h", "4m"]',
            'staffing.shifts.lengths: "4m" is not between one hour and one day',
        ),
        ("[lines.mail.mail]\ntalk", "[lines.mail.mail]\nhold", "lines.mail.mail.talk: missing key"),
        ("keys = { 1 = 0.3 }", "keys = { A = 0.3 }", "lines.help.voice.keys.A: is no key of a telephone"),
        ("keys = { 1 = 0.3 }", "keys = { 1 = 0.6, 2 = 0.5 }", "lines.help.voice.keys: the shares add up to"),
        ('"local"', '"abroad"', "callbacks.dial_class: "),
    ],
)
def test_a_fault_names_file_key_and_reason(old: str, new: str, said: str, tmp_path: Path) -> None:
    told = wrong(tmp_path, plan=plan_with(old, new))
    assert any(line.startswith(f"plan.toml: {said}") for line in told), told


def test_a_line_that_contacts_reach_by_escalation_needs_to_be_described(tmp_path: Path) -> None:
    plan = plan_with("[lines.second.voice]\ntalk = { mean = 600 }\n", "")
    assert wrong(tmp_path, plan=plan) == [
        "plan.toml: lines.second.voice.talk: missing key (contacts come here, how long do they talk?)"
    ]


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    told = wrong(
        tmp_path,
        plan=plan_with("short =", "shrot ="),
        forecast=FORECAST.replace("12.5", "-1"),
        roster=ROSTER.replace("anna", "anne"),
        wrap="wrap_up_s\nfast\n",
    )
    assert {line.split(":")[0] for line in told} == {"plan.toml", "forecast.csv", "roster.csv", "wrap.csv"}


def test_faults_of_the_site_are_those_of_the_plan(tmp_path: Path) -> None:
    told = wrong(tmp_path, site=FILES["site.toml"].replace('groups = ["experts"]', 'groups = ["expert"]'))
    assert told == ['site.toml: lines.second.groups: unknown group "expert", did you mean "experts"?']


SCRAPS = st.sampled_from(
    [
        *("", "0", "-1", "nan", "1e400", "inf", '"', "[", "{", "}", "=", "\0", "\n", "true", ",", ";", "é"),
        *("99999999999", "1979-05-27", "07:32:00", '"24:00"', '"2026-03-29 02:30"', '"9999-12-31 23:59"'),
        *('"voice"', '"always"', "[[goals]]\n", 'kind = "fixed"', "{ values = [] }"),
        *('{ file = "forecast.csv" }', '{ file = "plan.toml" }'),
    ]
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_happens_to_the_files_a_plan_is_played_or_refused_with_its_faults(
    data: st.DataObject,
) -> None:
    texts = dict(FILES)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(
            st.sampled_from(["plan.toml", "plan.toml", "forecast.csv", "roster.csv", "wrap.csv"])
        )
        start = data.draw(st.integers(0, len(texts[name])))
        end = start + data.draw(st.integers(0, 20))
        texts[name] = texts[name][:start] + data.draw(SCRAPS) + texts[name][end:]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8", errors="replace")
        played_or_refused(Path(folder))


def played_or_refused(folder: Path) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        made = load_plan(folder / "plan.toml", {}).scenario
    except ConfigError as error:
        problems = error.problems
    else:
        check(made)
        assert all(0 <= number < 1e7 for stream in made.streams for number in stream.expected)
    assert all(problem.file.startswith(str(folder)) and problem.reason for problem in problems)


def test_a_plan_in_another_folder_finds_its_files(tmp_path: Path) -> None:
    shutil.copytree(DEMO_PLAN.parent, tmp_path / "demo")
    assert asdict(load_plan(tmp_path / "demo" / "plan.toml", {}).scenario) == asdict(
        load_plan(DEMO_PLAN, {}).scenario
    )

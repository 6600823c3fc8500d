"""A recorded day by the model: as it was, it is the record; with a change, only that makes it differ."""

import json
import os
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactReceived,
    ContactReleased,
    DeskChanged,
    Event,
    MediumChanged,
    OfferAccepted,
    OfferId,
)
from acd.core.facts import Answered, Fact
from acd.journal.codec import decode_facts
from acd.ports import JournalEntry
from acd.testing.story import agent, desk, entry, line
from agents.capacity import FAX, MAIL, VOICE
from agents.skills import AgentId
from queues.desk import EntryId, LastAgentRule, LineId, Policy
from simulation.draws import Day, Purpose
from simulation.driver import START_MS, SimDriver
from simulation.laws import empirical, exponential, fixed
from simulation.past.excerpt import Excerpting
from simulation.past.reconstruction import reconstruct
from simulation.past.recorded import Recorded, RecordedDay, beyond, run_recorded
from simulation.past.whatif import CHOICES, what_if
from simulation.plan.plan_file import DEMO_PLAN, load_plan
from simulation.runs.outcome import DayResult
from simulation.runs.result import Result
from simulation.scenario import Duty, Handling, Redial, Scenario, Stream
from simulation.world.model import play
from tests.simulation.random_scenario import random_scenario
from tests.simulation.recording import played, stored, written
from tests.simulation.replay_command import run

S, MIN = 1_000, 60_000


def recorded(
    entries: Iterable[JournalEntry], start_ms: int, end_ms: int, step_ms: int
) -> tuple[Recorded, DayResult]:
    taping = Excerpting(start_ms, end_ms)
    for one in entries:
        taping.take(one)
    excerpt = taping.excerpt()
    assert excerpt is not None
    return reconstruct(excerpt, step_ms, "record")


def of_scenario(scenario: Scenario, seed: int) -> tuple[list[JournalEntry], Recorded, DayResult]:
    """One replication, and what is made of its journal."""
    entries = played(scenario, Day(scenario, seed, 0))
    step_ms, end_ms = scenario.interval_ms, scenario.end_ms + scenario.run_on_ms
    end_ms = scenario.start_ms + -(-(end_ms - scenario.start_ms) // step_ms) * step_ms
    return entries, *recorded(entries, scenario.start_ms, end_ms, step_ms)


def unlimited(scenario: Scenario) -> Scenario:
    """No talk is handed over by the desk: what then comes first in that instant is not in the record."""
    lines = tuple(replace(line, talk_limit=None) for line in scenario.desk.lines)
    return replace(scenario, desk=replace(scenario.desk, lines=lines))


def assignments(told: Iterable[Fact]) -> list[tuple[int, str, int]]:
    return [(fact.contact, fact.agent, fact.t_ms) for fact in told if isinstance(fact, Answered)]


def of_record(entries: Iterable[JournalEntry]) -> list[tuple[int, str, int]]:
    return assignments(fact for one in entries for fact in decode_facts(one.facts))


def facts_of(told: Recorded, seed: int = 1) -> list[Fact]:
    found: list[Fact] = []
    play(told.scenario, RecordedDay(told, seed, 0), found.extend)
    return found


def same_counts(one: DayResult, two: DayResult) -> bool:
    tallies = zip(
        (one.single, one.segments, one.contacts), (two.single, two.segments, two.contacts), strict=True
    )
    return all(
        a.cells == b.cells and np.array_equal(a.counts, b.counts) and np.array_equal(a.waits, b.waits)
        for a, b in tallies
    )


def measure(told: Recorded, name: str, seeds: Sequence[int] = (1,)) -> float:
    days = [run_recorded(told, seed, 0) for seed in seeds]
    return Result(told.scenario, 1, 0, days).measure(name).value


# ---- as it was


@pytest.mark.parametrize("seed", range(20))
def test_a_day_that_the_model_played_is_played_again_assignment_by_assignment(seed: int) -> None:
    entries, told, _ = of_scenario(unlimited(random_scenario(seed)), seed)
    assert assignments(facts_of(told)) == of_record(entries)


def test_the_demo_day_of_two_clients_is_the_record_in_every_count() -> None:
    entries, told, record = of_scenario(load_plan(DEMO_PLAN, os.environ).scenario, 7)
    assert len(of_record(entries)) > 2_000
    assert assignments(facts_of(told)) == of_record(entries)
    for seed in (1, 2):
        assert same_counts(run_recorded(told, seed, 0), record)


def test_what_was_seen_does_not_depend_on_seed_or_driver() -> None:
    _, told, record = of_scenario(random_scenario(8), 8)
    for seed in range(3):
        assert same_counts(run_recorded(told, seed, 0, SimDriver), record)


# ---- what if


def one_line(
    *,
    agents: int = 4,
    expected: float = 60.0,
    patience_ms: int | None = None,
    vips: float = 0.2,
    seed: int = 1,
    **rules: Any,
) -> tuple[list[JournalEntry], Recorded, DayResult]:
    """Two hours of a line first come first served, talks of three minutes."""
    names = [f"a{number}" for number in range(agents)]
    opened = desk(
        line(**rules), *(agent(name) for name in names), entry("hotline", "help", head_start_ms=60_000)
    )
    scenario = Scenario(
        name="one line",
        desk=opened,
        start_ms=START_MS,
        interval_ms=30 * MIN,
        intervals=4,
        streams=(
            Stream(
                "calls",
                EntryId("help"),
                (expected / 2,) * 4,
                patience=None if patience_ms is None else exponential(patience_ms),
                vip_share=vips,
                vip_entry=EntryId("hotline"),
                redial=None if patience_ms is None else Redial(0.7, fixed(90 * S)),
            ),
        ),
        handling={(LineId("help"), VOICE): Handling(exponential(180 * S))},
        duties=tuple(Duty(AgentId(name), START_MS, START_MS + 180 * MIN) for name in names),
    )
    return of_scenario(scenario, seed)


@pytest.mark.parametrize("seed", range(8))
def test_more_staff_never_lowers_the_service_level_where_first_come_is_first_served(seed: int) -> None:
    _, told, _ = one_line(seed=seed)
    told = what_if(told, "vip=off")
    levels = [measure(what_if(told, f"staff{change}"), "answered") for change in ("-1", "+1", "+3", "+9")]
    levels.insert(1, measure(told, "answered"))
    assert levels == sorted(levels)
    assert levels[0] < levels[-1] == 1.0


def test_without_vips_nobody_has_a_head_start() -> None:
    _, told, _ = one_line(priority_class=5)
    starts = {fact.head_start_ms for fact in facts_of(told) if isinstance(fact, facts.Queued)}
    assert starts == {0, 60_000}
    plain = [fact for fact in facts_of(what_if(told, "vip=off")) if isinstance(fact, facts.Queued)]
    assert {fact.head_start_ms for fact in plain} == {0}
    arrived = [fact for fact in facts_of(what_if(told, "vip=off")) if isinstance(fact, facts.Arrived)]
    assert not any(fact.vip for fact in arrived)


def test_a_class_of_a_vip_list_is_kept_and_taken_away() -> None:
    events: list[tuple[int, Event]] = [(START_MS, DeskChanged(desk(line(), agent("anna"))))]
    events += arrivals((1_000, {}), (2_000, {"priority_class": 1}), (3_000, {"head_start_ms": 500_000}))
    events += work("anna", 10_000, 20_000, 1, 2, 3)
    told, record = recorded(written(events, START_MS + MIN), START_MS, START_MS + MIN, MIN)
    answered = [contact for contact, _, _ in assignments(facts_of(told))]
    assert answered == [2, 3, 1]
    assert same_counts(run_recorded(told, 1, 0), record)
    without = [contact for contact, _, _ in assignments(facts_of(what_if(told, "vip=off")))]
    assert without == [1, 2, 3]


def test_a_call_that_turned_out_to_be_a_fax_comes_as_one() -> None:
    """Whoever reads faxes has it, and not the agent for calls."""
    opened = desk(line(), line("papers"), agent("anna"), agent("bert", (FAX, 1)))
    anna, bert = AgentId("anna"), AgentId("bert")
    events: list[tuple[int, Event]] = [(START_MS, DeskChanged(opened))]
    for who, medium in ((anna, VOICE), (bert, FAX)):
        events += [(START_MS, AgentReachable(who, medium)), (START_MS, AgentSignedIn(who))]
    events += [
        *arrivals((1_000, {})),
        (START_MS + 2_000, MediumChanged(ContactId(1), EntryId("papers fax"))),
        (START_MS + 9_000, ContactReceived(ContactId(1), 2, complete=True)),
        (START_MS + 10_000, OfferAccepted(OfferId(2))),
        (START_MS + 30_000, ContactReleased(ContactId(1), bert)),
    ]
    told, record = recorded(written(events, START_MS + MIN), START_MS, START_MS + MIN, MIN)
    assert [stream.entry for stream in told.scenario.streams] == ["papers fax"]
    assert [agent for _, agent, _ in assignments(facts_of(told))] == ["bert"]
    one, two = (
        Result(told.scenario, 1, 0, [day]).measure("aht").value for day in (record, run_recorded(told, 1, 0))
    )
    assert one == two == 20_000
    assert any(note.startswith("1 came page by page") for note in told.notes)


def arrivals(*when: tuple[int, dict[str, Any]]) -> list[tuple[int, Event]]:
    return [
        (START_MS + ms, ContactArrived(f"ref{ms}", EntryId("help"), VOICE, party=f"p{ms}", **said))
        for ms, said in when
    ]


def work(who: str, from_ms: int, talk_ms: int, *order: int) -> list[tuple[int, Event]]:
    """He signs in and talks so long with each of the contacts that the engine gives him."""
    name = AgentId(who)
    told: list[tuple[int, Event]] = [
        (START_MS + from_ms, AgentReachable(name, VOICE)),
        (START_MS + from_ms, AgentSignedIn(name)),
    ]
    by_rank = {1: 2, 2: 3, 3: 1}
    for number in order:
        at_ms = START_MS + from_ms + (number - 1) * talk_ms
        told.append((at_ms, OfferAccepted(OfferId(number))))
        contact = ContactId(by_rank[number]) if len(order) == 3 else ContactId(number)
        told.append((at_ms + talk_ms, ContactReleased(contact, name)))
    return told


def test_more_staff_lets_redials_vanish_with_what_they_came_from() -> None:
    _, told, record = one_line(agents=3, patience_ms=120 * S)
    again = sum(1 for key in told.lengths if key[0] is Purpose.REDIAL_DELAY)
    assert again
    before, after = (measure(one, "contacts") for one in (told, what_if(told, "staff+20")))
    assert before == Result(told.scenario, 1, 0, [record]).measure("contacts").value
    assert after == sum(told.contacts) < before
    assert measure(what_if(told, "staff+20"), "abandon_rate") == 0.0


def test_less_staff_makes_callers_give_up_who_were_answered_but_never_before_they_were() -> None:
    _, told, _ = one_line(agents=4, patience_ms=120 * S)
    waited = told.outlasted[Purpose.PATIENCE, 0, 0]
    assert waited
    assert told.scenario.streams[0].patience is not None
    for seed in range(5):
        column = RecordedDay(told, seed, 0).lengths(Purpose.PATIENCE, 0, 0, told.scenario.streams[0].patience)
        assert all(column[index] > ms for index, ms in waited.items())
        seen = told.lengths[Purpose.PATIENCE, 0, 0]
        assert all(column[index] == ms for index, ms in seen.items())
        assert set(seen) | set(waited) == set(range(told.contacts[0]))
    fewer = what_if(told, "staff-2")
    assert measure(fewer, "abandon_rate", range(3)) > measure(told, "abandon_rate", range(3))


def test_beyond_is_the_law_given_that_it_was_outlasted() -> None:
    u = np.random.default_rng(1).random(20_000)
    law = empirical(range(0, 10_001, 10))
    least = np.full(len(u), 4_000)
    drawn = beyond(law, least, u)
    assert drawn.min() == 4_010
    assert drawn.mean() == pytest.approx(7_000, rel=0.01)
    past = beyond(law, np.full(len(u), 20_000), u)
    assert past.min() > 20_000
    assert past.mean() == pytest.approx(20_000 + law.mean_ms, rel=0.02)


@pytest.mark.parametrize(("factor", "low", "high"), [("1.2", 1.1, 1.3), ("0.8", 0.7, 0.9), ("2", 2.0, 2.0)])
def test_demand_brings_more_or_fewer_contacts_in_the_same_intervals(
    factor: str, low: float, high: float
) -> None:
    _, told, _ = one_line()
    changed = what_if(told, f"demand*{factor}")
    days = [RecordedDay(changed, seed, 0).arrivals for seed in range(10)]
    many = sum(map(len, days)) / 10 / len(told.arrivals)
    assert low <= many <= high
    for day in days:
        assert day == sorted(day, key=lambda one: one[0])
    if factor == "2":
        for interval in range(4):
            begin = START_MS + interval * 30 * MIN
            mine = [one for one in told.arrivals if begin <= one[0] < begin + 30 * MIN]
            theirs = [one for one in days[0] if begin <= one[0] < begin + 30 * MIN]
            assert len(theirs) == 2 * len(mine)
    assert measure(changed, "contacts", range(3)) > 0


def test_aht_scales_talk_and_keeps_arrivals() -> None:
    _, told, _ = one_line()
    shorter = what_if(told, "aht*0.5")
    assert measure(shorter, "aht") == pytest.approx(measure(told, "aht") / 2, rel=1e-3)
    assert measure(shorter, "contacts") == measure(told, "contacts")
    assert measure(shorter, "asa") < measure(told, "asa")


def test_several_changes_are_made_together() -> None:
    _, told, _ = one_line()
    both = what_if(what_if(told, "staff+2"), "staff+1")
    assert len(both.scenario.desk.agents) == len(what_if(told, "staff+3").scenario.desk.agents)
    assert measure(both, "asa") == measure(what_if(told, "staff+3"), "asa")
    assert len({one.id for one in both.scenario.desk.agents}) == len(both.scenario.desk.agents)


def test_a_rule_of_a_line_changes_by_its_key_in_the_site_file() -> None:
    _, told, _ = one_line()
    changed = told
    for text in ("class=3", "target=45s", "policy=most_skilled", "ring=9s", "ring_at_once=2", "max_wait=5m"):
        changed = what_if(changed, f"line.help.{text}")
    new = changed.scenario.desk.lines[0]
    assert (new.priority_class, new.target_ms, new.policy) == (3, 45_000, Policy.MOST_SKILLED)
    assert (new.ring_ms, new.ring_at_once, new.max_wait_ms) == (9_000, 2, 300_000)


def test_another_target_does_not_move_the_threshold_that_it_is_judged_by() -> None:
    _, told, _ = one_line()
    easier = what_if(told, "line.help.target=10m")
    assert measure(easier, "answered") == measure(told, "answered") < 1.0


def test_new_staff_is_like_the_others_who_can_serve_the_line() -> None:
    opened = desk(
        line(),
        line("mails", "mail"),
        *(agent(name, (MAIL, 2), mail=3) for name in ("m1", "m2", "m3")),
        *(agent(name, help=2) for name in ("h1", "h2")),
    )
    scenario = replace(
        one_line()[1].scenario,
        desk=opened,
        duties=tuple(Duty(one.id, START_MS, START_MS + MIN * n) for n, one in enumerate(opened.agents, 10)),
    )
    told = replace(one_line()[1], scenario=scenario)
    new = what_if(told, "staff+1").scenario
    assert new.desk.agents[-1].skills == (("mail", 3),)
    new = what_if(told, "staff:help+2").scenario
    assert [one.skills for one in new.desk.agents[-2:]] == [(("help", 2),)] * 2
    assert new.duties[-1] == Duty(AgentId("extra 2"), START_MS, START_MS + 14 * MIN)
    fewer = what_if(told, "staff:help-1").scenario
    assert {duty.agent for duty in scenario.duties} - {duty.agent for duty in fewer.duties} == {"h2"}


def test_who_waited_for_the_agent_he_knows_is_counted_among_what_the_model_cannot_do() -> None:
    """Mia calls twice, and waits for anna the second time; max waits for nobody."""
    opened = desk(line(last_agent=LastAgentRule(60 * MIN, MIN)), agent("anna"), agent("bert"))
    told: list[tuple[int, Event]] = [(START_MS, DeskChanged(opened))]
    for name in ("anna", "bert"):
        told.append((START_MS, AgentReachable(AgentId(name), VOICE)))
        told.append((START_MS, AgentSignedIn(AgentId(name))))
    for minute, person in enumerate(("mia", "max", "mia"), 1):
        arrived = ContactArrived(f"c{minute}", EntryId("help"), VOICE, person=person)
        told.append((START_MS + minute * MIN, arrived))
        told.append((START_MS + minute * MIN + 1, OfferAccepted(OfferId(minute))))
        if minute == 1:
            told.append((START_MS + MIN + 2, ContactReleased(ContactId(1), AgentId("anna"))))
    found, _ = recorded(written(told, START_MS + 60 * MIN), START_MS, START_MS + 60 * MIN, 30 * MIN)
    assert "1 were held for one agent first: the model offers them to anybody" in found.notes


# ---- the day is a part of a longer record


def test_who_was_there_when_the_day_began_is_a_load_and_counted_nowhere() -> None:
    entries, whole, _ = one_line(agents=3, expected=80.0, vips=0.0)
    middle_ms = START_MS + 60 * MIN
    told, record = recorded(entries, middle_ms, START_MS + 180 * MIN, 30 * MIN)
    assert len(told.carried) > 5
    assert any("were there already" in note for note in told.notes)
    mine = [arrival for arrival in whole.arrivals if arrival[0] >= middle_ms]
    assert len(told.arrivals) == len(mine) + len(told.carried)
    result = run_recorded(told, 1, 0)
    for day in (record, result):
        assert Result(told.scenario, 1, 0, [day]).measure("contacts").value == len(mine)
    later = [one for one in assignments(facts_of(told)) if one[2] > middle_ms]
    was = [one for one in of_record(entries) if one[2] > middle_ms]
    assert [t_ms for *_, t_ms in later] == [t_ms for *_, t_ms in was]
    assert Result(told.scenario, 1, 0, [result]).measure("occupancy").value == pytest.approx(
        Result(told.scenario, 1, 0, [record]).measure("occupancy").value, rel=0.01
    )


# ---- the command


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("journal"), one_line(agents=3, patience_ms=120 * S)[0])


def test_the_command_shows_the_error_of_the_model_and_paired_differences(
    journal: Path, tmp_path: Path
) -> None:
    words = (journal, "--what-if", "staff+3", "--what-if", "vip=off", "--days", 4, "-j", 1)
    told = run(*words, "--json", "--out", tmp_path / "out")
    assert told.exit_code == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["what_if"] == ["staff+3", "vip=off"]
    for row in found["model_against_record"]:
        assert row["record"] == pytest.approx(row["model"]), row
    changes = {row["measure"]: row for row in found["changes"] if not row["line"] and not row["tenant"]}
    assert changes["abandons_negative"]["change"] > 0
    assert changes["asa"]["ci_hi"] < 0
    assert all(
        value is None or not isinstance(value, float) or isfinite(value) for value in changes["asa"].values()
    )
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"model-against-record.csv", "changes.csv"}
    assert run(*words, "--json").stdout == told.stdout
    assert run(*words, "--json", "--driver", "simpy").stdout == told.stdout
    shown = run(*words).stdout
    assert "the model against the record" in shown
    assert "what if staff+3, vip=off" in shown


def test_none_compares_the_model_with_the_record_only(journal: Path) -> None:
    told = run(journal, "--what-if", "none", "--days", 2, "-j", 1)
    assert told.exit_code == 0
    assert "what if" not in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--what-if", "staff*3"), f"choose {', '.join(CHOICES)}"),
        (("--what-if", "staf+3"), "choose none, staff+N"),
        (("--what-if", "demand*0"), "a factor above 0"),
        (("--what-if", "staff-99"), "there were 3 agents"),
        (("--what-if", "staff:sales+1"), "there is no line sales: choose help"),
        (("--what-if", "line.help.clas=3"), 'did you mean "class"?'),
        (("--what-if", "line.help.class=99"), "must be a whole number from 0 to 9"),
        (("--what-if", "line.help.target=soon"), "is not a duration"),
        (("--what-if", "line.help.policy=best"), "choose longest_idle"),
        (("--what-if", "none", "--day", "2023-01-01"), "the record goes from 2024-01-01 00:00 to"),
        (("--what-if", "none", "--day", "yesterday"), "is no day such as"),
        (("--what-if", "none", "--timezone", "Mars/Base"), "there is no such time zone"),
        (("--what-if", "none", "--interval", "5s"), "at least a minute"),
        (("--driver", "tea"), "choose loop or simpy"),
    ],
)
def test_what_makes_no_sense_is_bad_input_with_the_reason(
    journal: Path, words: tuple[str, ...], said: str
) -> None:
    answer = run(journal, *words)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert answer.stdout == ""


def test_a_day_on_which_nobody_was_answered_is_no_basis(tmp_path: Path) -> None:
    events: list[tuple[int, Event]] = [(START_MS, DeskChanged(desk(line(), agent("anna"))))]
    entries = written([*events, *arrivals((1_000, {}))], START_MS + MIN)
    answer = run(stored(tmp_path / "journal", entries), "--what-if", "none")
    assert answer.exit_code == 2
    assert "nobody was answered" in answer.stderr


def test_a_long_record_asks_for_a_day_and_takes_it(tmp_path: Path) -> None:
    first = one_line()[0]
    late = [entry._replace(seq=len(first) + 1, t_ms=first[-1].t_ms + 48 * 3_600_000) for entry in first[-1:]]
    folder = stored(tmp_path / "journal", [*first, *late])
    answer = run(folder, "--what-if", "none")
    assert answer.exit_code == 2
    assert "choose a day with --day" in answer.stderr
    told = run(folder, "--what-if", "none", "--day", "2024-01-01", "--days", 2, "-j", 1, "--json")
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["start_ms"] == START_MS


# ---- incidents


def test_without_the_incident_its_text_is_not_heard() -> None:
    seed, scenario = next(
        (seed, one)
        for seed, one in ((seed, random_scenario(seed)) for seed in range(60))
        if one.surge is not None and one.surge.announced_ms is not None and one.surge.mandatory
    )
    entries, told, _ = of_scenario(scenario, seed)
    was = [fact for one in entries for fact in decode_facts(one.facts)]
    deflected = [fact.t_ms for fact in was if isinstance(fact, facts.Deflected)]
    assert deflected
    assert [fact.t_ms for fact in facts_of(told) if isinstance(fact, facts.Deflected)] == deflected
    off = facts_of(what_if(told, "incident=off"))
    assert not any(isinstance(fact, facts.Informed | facts.Deflected) for fact in off)

"""From the excerpt of a day to the model's terms: scenario, all numbers that were seen, the record's KPIs."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from queues.desk import Desk, IncidentMode, LineId
from simulation.laws import Law
from simulation.past.attempts import Attempts, attempts_of
from simulation.past.excerpt import Declared, Excerpt
from simulation.past.handled import Handled
from simulation.past.heard import Heard, heard_of, keys_of
from simulation.past.kaplan_meier import patience
from simulation.past.lineup import Lineup, Try
from simulation.past.recorded import Recorded
from simulation.past.seen import Seen
from simulation.past.stories import Stories, stories_of
from simulation.past.thinning import thinned
from simulation.runs.outcome import DayResult, Fold
from simulation.scenario import Duty, Redial, Scenario, Spoken, Stream, Surge

TEXT_MS = 15_000
"""How long the text of an incident is if nobody heard it to its end."""
MOST_TRIES = 15
"""As many as a scenario allows."""


def reconstruct(excerpt: Excerpt, interval_ms: int, name: str) -> tuple[Recorded, DayResult]:
    """The day for the model, and what the record itself says of it, counted by the same KPIs.

    It must be a whole number of intervals. Raises ValueError when nobody was answered:
    how long a conversation is would be a guess.
    """
    stories = stories_of(excerpt)
    lineup = Lineup(excerpt, stories)
    seen = Seen(excerpt, lineup, stories.asked)
    handled = Handled(excerpt.desk, (one.story for one in lineup.tries), stories.asked)
    heard, attempts = heard_of(excerpt), attempts_of(excerpt)
    scenario = replace(
        _scenario(excerpt, lineup, heard, interval_ms),
        name=name,
        handling=handled.handling(),
        habits=seen.habits(),
        callbacks=attempts.callbacks(),
    )
    if scenario.surge is not None:
        seen.note_text(lineup, scenario.surge)
    seen.note_keys(lineup, heard, scenario.streams)
    seen.note_calls(lineup, attempts)
    recorded = Recorded(
        scenario=scenario,
        contacts=tuple(lineup.counts),
        arrivals=tuple(lineup.arrivals),
        carried=frozenset(lineup.carried),
        lengths=seen.lengths,
        outlasted=seen.outlasted,
        shares=seen.shares,
        notes=(*_notes(excerpt, stories, lineup, handled), *_of_treatments(heard, attempts)),
    )
    return recorded, _count(excerpt, scenario, lineup)


def _scenario(excerpt: Excerpt, lineup: Lineup, heard: Heard, interval_ms: int) -> Scenario:
    """What is known without looking at what agents did."""
    desk, text_ms = _desk(excerpt.desk, lineup), heard.text_ms()
    intervals = (excerpt.end_ms - excerpt.start_ms) // interval_ms
    return Scenario(
        name="",
        desk=desk,
        start_ms=excerpt.start_ms,
        interval_ms=interval_ms,
        intervals=intervals,
        streams=tuple(_streams(lineup, heard, intervals)),
        handling={},
        duties=_known(excerpt.duties, desk),
        surge=_surge(excerpt, lineup, text_ms),
        text_ms=text_ms,
        run_on_ms=0,
    )


def _desk(desk: Desk, lineup: Lineup) -> Desk:
    known = set(desk.entries)
    more = tuple(entry for entry in lineup.entries if entry not in known)
    return replace(desk, entries=(*desk.entries, *more), pause_reasons=desk.pause_reasons or ("break",))


def _known(duties: tuple[Duty, ...], desk: Desk) -> tuple[Duty, ...]:
    agents = {agent.id for agent in desk.agents}
    return tuple(duty for duty in duties if duty.agent in agents)


def _streams(lineup: Lineup, heard: Heard, intervals: int) -> Iterator[Stream]:
    """`expected` says nothing here: the arrivals are those of the record."""
    for number, entry in enumerate(lineup.entries):
        tries = [one for one in lineup.tries if one.stream == number]
        flow = entry.line, entry.medium
        pool = [one for one in lineup.tries if _flow(lineup, one) == flow]
        yield Stream(
            name=entry.id,
            entry=entry.id,
            expected=(len(tries) / intervals,) * intervals,
            patience=_patience(pool),
            redial=_redial(tries),
            keys=keys_of([heard.answers[one.story.contact] for one in tries]),
        )


def _flow(lineup: Lineup, one: Try) -> tuple[str, str]:
    entry = lineup.entries[one.stream]
    return entry.line, entry.medium


def _patience(tries: list[Try]) -> Law | None:
    """By Kaplan and Meier from all who came to the line by the medium; None: nobody gave up."""
    waits, gave_up = [], []
    for one in tries:
        after_ms = one.story.gave_up_after_ms
        waited = max(one.story.waits_ms(), default=None)
        if after_ms is not None or waited is not None:
            waits.append(waited or 0 if after_ms is None else after_ms)
            gave_up.append(after_ms is not None)
    return patience(waits, gave_up)


def _redial(tries: list[Try]) -> Redial | None:
    """What those did who were not served; None: nobody came again."""
    failed = [one for one in tries if one.story.failed_ms is not None]
    delays_ms = [one.story.again_after_ms(one.follows) for one in failed if one.follows is not None]
    if not delays_ms:
        return None
    return Redial(probability=len(delays_ms) / len(failed), delay=thinned(delays_ms), most=MOST_TRIES)


def _surge(excerpt: Excerpt, lineup: Lineup, text_ms: Mapping[Spoken, int]) -> Surge | None:
    """The first incident of the day after whose text callers wait; the calls it brought are arrivals."""
    told = next((one for one in excerpt.incidents if one.incident.mode is IncidentMode.INFORM), None)
    if told is None:
        return None
    heard = [one.story for one in lineup.tries if one.story.incident == told.incident.id]
    left_ms = [story.heard_ms for story in heard if story.heard_ms is not None]
    stayed_ms = text_ms.get((told.incident.greeting, ""), TEXT_MS)
    length_ms = max([stayed_ms, *(ms + 1 for ms in left_ms)])
    return Surge(
        start_ms=max(told.start_ms, excerpt.start_ms),
        end_ms=told.end_ms,
        factor=1.0,
        lines=_scope(excerpt.desk, told),
        announced_ms=max(told.start_ms, excerpt.start_ms),
        announcement_ms=length_ms,
        deflect=len(left_ms) / len(heard) if heard else 0.0,
        mandatory=told.incident.mandatory,
        vip_exempt=told.incident.vip_exempt,
    )


def _scope(desk: Desk, told: Declared) -> tuple[LineId, ...]:
    """The lines that the incident concerns; empty: all."""
    incident = told.incident
    if not (incident.lines or incident.tenants or incident.entries):
        return ()
    entries = [entry for entry in desk.entries if not incident.entries or entry.id in incident.entries]
    lines = {
        entry.line
        for entry in entries
        if (not incident.lines or entry.line in incident.lines)
        and (not incident.tenants or entry.tenant in incident.tenants)
    }
    return tuple(line.id for line in desk.lines if line.id in lines)


def _notes(excerpt: Excerpt, stories: Stories, lineup: Lineup, handled: Handled) -> Iterator[str]:
    """What of the record the model does otherwise, as far as there was any of it."""
    parts = sum(isinstance(fact, facts.Receiving) for batch in excerpt.batches for fact in batch)
    services = sum(isinstance(one.story.left, facts.FlowedOut) for one in lineup.tries)
    messages = sum(
        one.story.left is None and any(segment.kind == "voicemail" for segment in one.story.segments)
        for one in lineup.tries
    )
    told = {
        "arrivals are left out: to an unknown entry, or ended by the text of an incident": lineup.left_out,
        "were there already when the day began: they are a load, and counted nowhere": len(lineup.carried),
        "were held for one agent first: the model offers them to anybody": lineup.preferred,
        "offers were refused or did not reach the agent: the model's agents refuse nothing": (
            stories.lost_offers
        ),
        "came page by page: the model's are there when they arrive": parts,
        "left for voicemail or a callback: the model's leave, and count as abandoned": services,
        "left messages: how long they spoke, and how long an agent heard them, is assumed": messages,
        "were handed on to a line that others of their line were not: the model's end there": (
            handled.elsewhere
        ),
        "further incidents are left out": max(0, len(excerpt.incidents) - 1),
        "changes of the desk are left out: the last desk is in force all day": max(0, excerpt.desks - 1),
    }
    yield from (f"{count} {what}" for what, count in told.items() if count)


def _of_treatments(heard: Heard, attempts: Attempts) -> Iterator[str]:
    told = {
        "were called back: how long they talked then is drawn": sum(map(any, attempts.answered.values())),
        "texts last 10 s in the model: nobody heard them to their end": heard.unknown(),
    }
    yield from (f"{count} {what}" for what, count in told.items() if count)


def _count(excerpt: Excerpt, scenario: Scenario, lineup: Lineup) -> DayResult:
    """The facts of the record through the KPIs, under the names that the model gives to its contacts."""
    fold = Fold(scenario)
    fold.observe([*excerpt.opening, *_conversations(excerpt)])
    for batch in excerpt.batches:
        fold.observe([named for fact in batch if (named := _named(fact, lineup)) is not None])
    return fold.close(0, min(excerpt.last_ms + 1, scenario.end_ms))


def _named(fact: Fact, lineup: Lineup) -> Fact | None:
    if not isinstance(fact, facts.Arrived | facts.Blocked):
        return fact
    ref = lineup.labels.get((fact.t_ms, fact.ref))
    if ref is None:
        return None
    party = ref.rpartition("/")[0]
    if isinstance(fact, facts.Arrived):
        return replace(fact, ref=ref, party=party)
    return replace(fact, ref=ref, party=party, entry=lineup.entries[int(ref.partition("/")[0])].id)


def _conversations(excerpt: Excerpt) -> Iterator[Fact]:
    """Who talked when the day began."""
    for told in excerpt.before:
        answers = [fact for fact in told if isinstance(fact, facts.Answered | facts.Transferred)]
        if answers and isinstance(answers[-1], facts.Answered):
            yield replace(answers[-1], t_ms=excerpt.start_ms)

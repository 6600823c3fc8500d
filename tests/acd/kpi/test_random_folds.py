"""Random engine runs: no segment is lost or counted twice, and no moment of an agent either."""

from collections import Counter, defaultdict
from functools import cache
from random import Random

import msgspec
import pytest

from acd.core import events, facts
from acd.core.engine import Reaction
from acd.core.facts import AnyFact, Fact
from acd.kpi.callbacks import Callbacks, Promise
from acd.kpi.contacts import Contacts
from acd.kpi.intervals import Cells, Intervals
from acd.kpi.ledger import GOES_ON, Ledger, Outcome, Segment
from acd.kpi.occupancy import AgentTime, TimeSheet
from acd.kpi.service import Counts, Terms, count
from agents.roster import Seat, Work
from agents.states import LISTENERS, AgentState, Role, WorkState
from queues.contact import Contact
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import START_MS, random_desk

ENDS_OF_WORK = (
    facts.Released
    | facts.Transferred
    | facts.AgentLegLost
    | facts.HandedBack
    | facts.Deferred
    | facts.TakenOver
    | facts.HandedOut
    | facts.SurveyBegan
)
SEEDS = range(16)
MOVES = 1_200
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[AnyFact])

KINDS = ("talk", "hold", "wrap_up", "ring", "paused", "idle")


class Recorded(Play):
    """A random run whose facts are kept by event; agents' time is reckoned from the engine's own state."""

    def __init__(self, seed: int) -> None:
        self.batches: list[list[Fact]] = []
        self.times: dict[str, Counter[str]] = defaultdict(Counter)
        self.held: dict[int, set[bool]] = defaultdict(set)
        self.counted_ms = START_MS
        super().__init__(random_desk(seed), thorough=False, late_ticks=False)

    def _handle(self, event: events.Event) -> Reaction | None:
        self.count_time()
        decided = super()._handle(event)
        if decided is not None:
            self.batches.append(decided.facts)
            for fact in decided.facts:
                if isinstance(fact, facts.Held | facts.Resumed) and not self.is_his(fact):
                    continue
                if isinstance(fact, facts.Held):
                    self.held[fact.contact].add(fact.by_agent)
                elif isinstance(fact, facts.Resumed):
                    self.held[fact.contact].discard(fact.by_agent)
                elif isinstance(fact, facts.Answered | facts.TakenOver):
                    self.held[fact.contact].clear()
        return decided

    def outage(self, lasting_ms: int) -> None:
        """Facts end on time what ends meanwhile, which nobody sees between two events: so it is short."""
        self.advance(lasting_ms)
        super().outage(0)

    def count_time(self) -> None:
        """What every agent did since the last event: his state did not change meanwhile."""
        span_ms, self.counted_ms = self.now_ms - self.counted_ms, self.now_ms
        for agent, seat in self.engine.state.seats.items():
            kind = self.kind(seat)
            if kind and span_ms:
                self.times[agent][kind] += span_ms

    def is_his(self, fact: facts.Held | facts.Resumed) -> bool:
        """Not of somebody else in a conference."""
        contact = self.engine.state.contacts[fact.contact]
        return self.engine.state.works[contact.offers[0]].agent == fact.agent

    def holds(self, work: Work) -> bool:
        return bool(self.held[work.contact]) or work.role is Role.CONSULTING

    def kind(self, seat: Seat) -> str:
        works = [work for work in seat.works if work.role not in LISTENERS]
        states = {work.state for work in works}
        handled = [work for work in works if work.state is WorkState.HANDLING]
        if any(work.role is Role.MEMBER or not self.holds(work) for work in handled):
            return "talk"
        if handled:
            return "hold"
        if WorkState.WRAP_UP in states:
            return "wrap_up"
        if states & {WorkState.RINGING, WorkState.RESERVED}:
            return "ring"
        if WorkState.RESTING in states:
            return "idle"
        return {AgentState.SIGNED_OUT: "", AgentState.PAUSED: "paused"}.get(seat.record.state, "idle")


@cache
def played(seed: int) -> Recorded:
    rng, play = Random(seed), Recorded(seed)
    for _ in range(MOVES):
        random_move(play, rng)
    play.count_time()
    return play


@pytest.fixture(params=SEEDS)
def run(request: pytest.FixtureRequest) -> Recorded:
    return played(request.param)


def folded(play: Recorded, batches: list[list[Fact]]) -> list[Segment]:
    segments: list[Segment] = []
    ledger = Ledger(segments.append)
    for batch in batches:
        ledger.take(batch)
    ledger.close(play.now_ms)
    assert ledger.stranger_ms == 0
    return segments


def every(play: Recorded, kind: type[Fact]) -> list[Fact]:
    return [fact for batch in play.batches for fact in batch if isinstance(fact, kind)]


def test_folded_event_by_event_equals_folded_at_once_and_after_the_journal(run: Recorded) -> None:
    segments = folded(run, run.batches)
    assert segments
    assert folded(run, [[fact for batch in run.batches for fact in batch]]) == segments
    assert folded(run, [_decoder.decode(_encoder.encode(batch)) for batch in run.batches]) == segments  # type: ignore[misc]


def test_every_contact_has_its_segments_once_and_one_end(run: Recorded) -> None:
    segments = folded(run, run.batches)
    arrived = [fact.contact for fact in every(run, facts.Arrived)]  # type: ignore[attr-defined]
    by_contact: dict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        if segment.contact:
            by_contact[segment.contact].append(segment)
    assert sorted(by_contact) == sorted(arrived)
    assert sum(segment.contact == 0 for segment in segments) == len(every(run, facts.Blocked))
    for parts in by_contact.values():
        parts.sort(key=lambda segment: segment.number)
        assert [segment.number for segment in parts] == list(range(1, len(parts) + 1))
        ends = [segment.outcome is not Outcome.FLOWED_OUT or segment.kind not in GOES_ON for segment in parts]
        assert ends == [False] * (len(parts) - 1) + [True]
        assert all(segment.ended_ms >= segment.queued_ms >= segment.arrived_ms for segment in parts)


def test_counts_are_conserved_and_segments_add_up(run: Recorded) -> None:
    segments, whole = folded(run, run.batches), list[Segment]()
    contacts = Contacts(whole.append)
    for segment in segments:
        contacts.take(segment)
    assert contacts.unfinished == 0
    assert len(whole) == len(every(run, facts.Arrived)) + len(every(run, facts.Blocked))
    totals, lines = Counts(), Counts()
    for segment in whole:
        count(segment, Terms(), totals)
    for segment in segments:
        count(segment, Terms(), lines)
    for counts in (totals, lines):
        assert counts.arrived == counts.offered + counts.blocked + counts.incident + counts.open
        assert counts.short <= counts.abandoned
        assert counts.in_time <= counts.answered <= counts.handled
    onward = sum(segment.outcome is Outcome.FLOWED_OUT and segment.kind in GOES_ON for segment in segments)
    assert lines.arrived == totals.arrived + onward
    assert lines.flowed_out == totals.flowed_out + onward
    left = len(every(run, facts.MessageLeft)) + len(every(run, facts.FlowedOut))
    assert totals.voicemails <= left
    for name in ("answered", "abandoned", "blocked", "incident", "open", "talk_ms", "hold_ms", "wrap_up_ms",
                 "ring_ms"):  # fmt: skip
        assert getattr(lines, name) == getattr(totals, name), name


def test_intervals_and_lines_add_up_to_the_whole(run: Recorded) -> None:
    segments = folded(run, run.batches)
    span = run.now_ms - START_MS + 1
    cells = Cells(Intervals.even(START_MS, span // 7 + 1, 7), Terms())
    whole = Counts()
    for segment in segments:
        cells.take(segment)
        count(segment, Terms(), whole)
    assert cells.total() == whole
    by_index, by_line = Counts(), Counts()
    for index in range(7):
        by_index.add(cells.total(index=index))
    for line in {segment.line for segment in segments}:
        by_line.add(cells.total(line=line))
    assert by_index == by_line == whole


def test_waits_are_those_that_the_engine_says(run: Recorded) -> None:
    said: Counter[tuple[int, int]] = Counter()
    promised: set[int] = {fact.consult for fact in every(run, facts.Consulted)}  # type: ignore[attr-defined]
    promised |= {fact.contact for fact in every(run, facts.CalledOut)}  # type: ignore[attr-defined]
    for fact in (fact for batch in run.batches for fact in batch):
        if isinstance(fact, facts.Parked | facts.MessageLeft):
            promised.add(fact.contact)
        elif isinstance(fact, facts.Answered) and fact.contact not in promised:
            said[fact.contact, fact.line_wait_ms] += 1
        elif isinstance(fact, facts.TakenOver) and fact.contact not in promised:
            said[fact.contact, 0] += 1
    found = Counter(
        (segment.contact, segment.wait_ms) for segment in folded(run, run.batches) if segment.answered_ms
    )
    assert found == said
    assert all(
        segment.wait_ms == segment.answered_ms - segment.queued_ms
        for segment in folded(run, run.batches)
        if segment.answered_ms
    )


def with_us(contact: Contact) -> bool:
    """Neither a consult, nor with somebody outside only."""
    return not contact.consults and bool(contact.offers or contact.state != "connected")


def wrapped_up_aside(run: Recorded) -> tuple[set[int], set[tuple[int, str]]]:
    """The contacts that are in no segment any more, and whose wrap-ups began after that."""
    apart, of_aside = set[int](), set[tuple[int, str]]()
    for fact in (fact for batch in run.batches for fact in batch):
        if isinstance(fact, facts.Parked | facts.MessageLeft | facts.CalledOut):
            apart.add(fact.contact)
        elif isinstance(fact, facts.WrapUpStarted):
            who = fact.contact, fact.agent
            (of_aside.add if fact.contact in apart else of_aside.discard)(who)
    return apart, of_aside


def test_what_the_ledger_shows_as_open_is_what_the_engine_holds(run: Recorded) -> None:
    ledger = Ledger(lambda segment: None)
    for batch in run.batches:
        ledger.take(batch)
    shown = ledger.open_segments(run.now_ms)
    state = run.engine.state
    apart, of_aside = wrapped_up_aside(run)
    wraps = [work for work in state.works.values() if work.state is WorkState.WRAP_UP]
    wrapped = [work.contact for work in wraps if (work.contact, work.agent) not in of_aside]
    asked = {fact.contact for fact in every(run, facts.SurveyBegan)}  # type: ignore[attr-defined]
    ours = [one for one in state.contacts.values() if one.id not in apart | asked and with_us(one)]
    assert Counter(segment.contact for segment in shown) == Counter([*(one.id for one in ours), *wrapped])
    waiting = {segment.contact for segment in shown if segment.outcome is Outcome.OPEN}
    assert waiting == {contact.id for contact in ours if contact.state != "connected"}


def test_every_promise_is_kept_or_not_or_open_as_the_engine_says(run: Recorded) -> None:
    told: list[Promise] = []
    callbacks = Callbacks(told.append)
    for batch in run.batches:
        callbacks.take(batch)
    contacts = run.engine.state.contacts.values()
    assert {one.contact for one in callbacks.open} == {one.id for one in contacts if one.promise}
    callbacks.close()
    promised = {fact.contact for fact in every(run, facts.Parked)}  # type: ignore[attr-defined]
    assert {one.contact for one in told} == promised
    kept = Counter(fact.kept for fact in every(run, facts.CallbackOver))  # type: ignore[attr-defined]
    assert Counter(one.kept for one in told if one.over_ms) == kept
    calls: list[facts.CallPlaced] = every(run, facts.CallPlaced)  # type: ignore[assignment]
    placed = [fact for fact in calls if fact.until_ms > fact.t_ms and fact.purpose == "callback"]
    assert sum(one.attempts for one in told) == len(placed)


def test_agents_time_is_that_of_the_engines_own_state(run: Recorded) -> None:
    """Reckoned between events from seats and works, and folded from facts over intervals: the same."""
    sheet = TimeSheet(Intervals.even(START_MS, (run.now_ms - START_MS) // 5 + 1, 5))
    for batch in run.batches:
        sheet.take(batch)
    sheet.close(run.now_ms)
    agents = {agent for agent, _ in sheet.rows}
    for agent in agents | set(run.times):
        time = sheet.total(agents=[agent])
        idle_ms = time.present_ms - time.busy_ms
        found = (time.talk_ms, time.hold_ms, time.wrap_up_ms, time.ring_ms, time.paused_ms, idle_ms)
        assert dict(zip(KINDS, found, strict=True)) == {kind: run.times[agent][kind] for kind in KINDS}
    offers = sheet.total()
    assert offers.offers == len(every(run, facts.Offered))
    assert offers.answered == len(every(run, facts.Answered))


def rest_of_works(run: Recorded) -> Counter[tuple[int, str]]:
    """How long the work of (contact, agent) rested, reckoned from the facts alone."""
    rested: Counter[tuple[int, str]] = Counter()
    since: dict[tuple[int, str], int] = {}

    def over(keys: list[tuple[int, str]], t_ms: int) -> None:
        for key in keys:
            rested[key] += t_ms - since.pop(key)

    for fact in (fact for batch in run.batches for fact in batch):
        if isinstance(fact, facts.Interrupted):
            since[fact.contact, fact.agent] = fact.t_ms
        elif isinstance(fact, facts.InterruptionEnded):
            over([(fact.contact, fact.agent)], fact.t_ms)
        elif isinstance(
            fact, facts.Released | facts.Transferred | facts.AgentLegLost | facts.HandedBack | facts.Deferred
        ):
            over([key for key in since if key[0] == fact.contact], fact.t_ms)
    over(list(since), run.now_ms)
    return rested


def test_talk_hold_and_rest_fill_the_conversation(run: Recorded) -> None:
    spent: Counter[tuple[int, str]] = Counter()
    for segment in folded(run, run.batches):
        assert segment.talk_ms >= 0
        assert segment.hold_ms >= 0
        if segment.answered_ms:
            conversation_ms = segment.done_ms - segment.wrap_up_ms - segment.answered_ms
            spent[segment.contact, segment.agent] += conversation_ms - segment.talk_ms - segment.hold_ms
    assert +spent == +rest_of_works(run)


def test_one_who_reads_from_the_middle_knows_that_he_does(run: Recorded) -> None:
    middle = len(run.batches) // 2
    ledger = Ledger(lambda segment: None)
    for batch in run.batches[middle:]:
        ledger.take(batch)
    before = {
        fact.contact for batch in run.batches[:middle] for fact in batch if isinstance(fact, facts.Arrived)
    }
    later = [
        fact for batch in run.batches[middle:] for fact in batch if getattr(fact, "contact", 0) in before
    ]
    ends = [fact for fact in later if isinstance(fact, facts.ENDINGS)]
    if ends:
        assert ledger.stranger_ms >= ends[-1].t_ms


def test_times_of_agents_are_additive() -> None:
    one, other = AgentTime(10, 2, 1, 3, 1, 1, 4, 2, 1, 1), AgentTime(5, 0, 0, 5)
    one.add(other)
    assert (one.signed_in_ms, one.talk_ms, one.busy_ms, one.present_ms) == (15, 8, 11, 13)


def test_the_runs_have_everything_that_can_happen_to_a_segment() -> None:
    """Else the tests above would promise less than they say."""
    found: set[tuple[str, str]] = set()
    kinds: set[type[Fact]] = set()
    for seed in SEEDS:
        play = played(seed)
        kinds |= {type(fact) for batch in play.batches for fact in batch}
        found |= {(segment.outcome.value, segment.kind) for segment in folded(play, play.batches)}
    assert found >= {
        ("answered", ""), ("open", ""), ("abandoned", "greeting"), ("abandoned", "waiting"),
        ("abandoned", "offered"), ("abandoned", "leg lost"), ("abandoned", "waited too long"),
        ("flowed out", "overflow"), ("flowed out", "transfer"), ("flowed out", "leg lost"),
        ("flowed out", "handed back"), ("flowed out", "deferred"),
        ("answered", "outside"), ("flowed out", "voicemail"), ("flowed out", "callback"),
        ("blocked", "closed"), ("blocked", "full"),
        ("blocked", "unknown entry"), ("incident", "caller"), ("incident", "end"), ("incident", "key"),
    }  # fmt: skip
    assert kinds >= {facts.CallbackOver, facts.CallPlaced, facts.CalledIn, facts.Reserved}
    assert kinds >= {facts.Recorded, facts.Sealing, facts.MessageLeft}
    assert kinds >= {facts.Interrupted, facts.InterruptionEnded, facts.Held, facts.Resumed, facts.OfferLost}

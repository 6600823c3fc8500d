"""The KPIs of one client in some intervals, folded from a journal; plain data, for tables and JSON."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from msgspec import MsgspecError

from acd.core.engine import ENGINE_VERSION
from acd.core.events import DeskChanged, IncidentDeclared
from acd.core.facts import DeskSet, EscalationOver, Fact, IncidentOn
from acd.journal.codec import decode_event, decode_facts
from acd.journal.errors import JournalError
from acd.journal.losses import Loss
from acd.journal.reading import JournalReader
from acd.kpi.callbacks import Callbacks, Promise
from acd.kpi.codes import Codes
from acd.kpi.contacts import Contacts
from acd.kpi.customers import DAY_MS, Customers
from acd.kpi.definitions import Definition
from acd.kpi.formula import CodedCounts
from acd.kpi.incidents import Reach, Reached
from acd.kpi.intervals import Intervals
from acd.kpi.ledger import Ledger, Segment
from acd.kpi.occupancy import AgentTime, TimeSheet, add_time
from acd.kpi.percentiles import Waits
from acd.kpi.service import Counts, Terms, count, moment
from acd.kpi.surveys import Survey, Surveys
from acd.kpi.tickets import Tickets
from acd.reports.whose import OF_ANOTHER, Whose
from queues.desk import Desk

LOOK_BACK_MS = 8 * DAY_MS
"""Read at least so much before the first interval: for contacts and agents that were there already."""
AGAIN_MS = 7 * DAY_MS
"""A contact of the same party within it is a re-contact."""
_CHECK_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """What the report is about. `line` None: the whole client, each contact counted once."""

    client: str
    line: str | None
    intervals: Intervals
    interval: str
    zone: ZoneInfo
    terms: Terms
    definitions: Mapping[str, Definition]

    @property
    def begin_ms(self) -> int:
        """Moment of the first bound."""
        return self.intervals.bounds[0]

    @property
    def end_ms(self) -> int:
        """Moment of the last bound."""
        return self.intervals.bounds[-1]


@dataclass(slots=True)
class Group:
    """Contacts (or segments of a line) that are counted together."""

    counts: Counts = field(default_factory=Counts)
    waits: Waits = field(default_factory=Waits)
    codes: Codes = field(default_factory=Codes)
    kinds: Counter[str] = field(default_factory=Counter)

    def take(self, segment: Segment, terms: Terms) -> None:
        """Count it."""
        count(segment, terms, self.counts)
        self.waits.take(segment)
        self.codes.take(segment)
        if segment.kind:
            self.kinds[f"{segment.outcome}: {segment.kind}"] += 1

    def coded(self) -> CodedCounts:
        """The counts, with the wrap-up codes, for definitions."""
        counts = CodedCounts(codes={code: found.handled for code, found in self.codes.counts.items()})
        counts.add(self.counts)
        return counts


class Report:
    """Folds one client's contacts; complete when everything that belongs to its intervals is decided."""

    def __init__(self, question: Question, desk: Desk | None) -> None:
        self.question = question
        self.total = Group()
        self.by_interval = [Group() for _ in question.intervals.starts]
        self.by_medium: dict[str, Group] = {}
        self.by_line: dict[str, Group] = {}
        self.agents: dict[str, AgentTime] = {}
        """Of those who handled a contact of these: all of their time, whatever client it was for."""
        self.whose = Whose(question.client)
        self.clients: set[str] = set()
        self.last_ms = 0
        """Moment of the last entry that was read; 0: none."""
        self.goes_on = False
        """The desk was running when it was asked."""
        self.open = 0
        self.losses: list[Loss] = []
        """What of the time of these intervals is missing in the journal, by an operator's leave."""
        self._tickets = Tickets(question.terms.view)
        self._customers = Customers(again_ms=AGAIN_MS, view=question.terms.view)
        self._contacts = Contacts(self._contact)
        self._callbacks = Callbacks(self._callback)
        self._surveys = Surveys(self._survey)
        self._reached = Reached(lambda contact: contact in self.whose.contacts)
        self._sheet = TimeSheet(question.intervals)
        self.ledger = Ledger(self._segment)
        if desk is not None:
            self.desk_changed(desk)

    def desk_changed(self, desk: Desk) -> None:
        """Whose lines are whose from now on."""
        self.clients |= {tenant.id for tenant in desk.tenants}
        self.whose.desk_changed(desk)

    def take(self, facts: list[Fact]) -> None:
        """Fold the facts of one entry."""
        self.whose.take(facts)
        self.ledger.take(facts)
        self._callbacks.take(facts)
        self._surveys.take(facts)
        self._reached.take(facts)
        for fact in facts:
            if isinstance(fact, EscalationOver):
                self._escalation(fact)
        if facts and facts[0].t_ms < self.question.end_ms:
            self._sheet.take(fact for fact in facts if fact.t_ms < self.question.end_ms)

    def incidents(self) -> list[tuple[str, Reach]]:
        """Those that concerned the client and were declared in these intervals, with all that came of it."""
        if self.question.line is not None:
            return []
        within, called = self.question.intervals.index, self.whose.name_of
        concerned = ((name, reach) for name, reach in self._reached.found if reach.gross)
        return [
            (called(name, one.declared_ms), one) for name, one in concerned if within(one.declared_ms) >= 0
        ]

    def decided(self) -> bool:
        """Whether no open segment belongs to the intervals, nor can a re-contact to a contact in them."""
        end_ms = self.question.end_ms
        if self.last_ms < end_ms + AGAIN_MS:
            return False
        if any(promise.promised_ms < end_ms for promise in self._callbacks.open):
            return False
        return all(segment.queued_ms >= end_ms for segment in self.ledger.open_segments(self.last_ms))

    def close(self, present_ms: int) -> None:
        """Nothing more was found.

        `present_ms`: of a desk that runs, now; 0: nobody goes on writing, so that nothing is known after the
        last entry. The same record gives the same report for ever.
        """
        now_ms = max(present_ms, self.last_ms)
        self.goes_on = present_ms > 0
        self.ledger.close(now_ms, undecided=True)
        self._callbacks.close()
        self._surveys.close()
        self._sheet.close(min(now_ms, self.question.end_ms))
        self.open = self.total.counts.open
        self._count_customers(now_ms)
        self._count_tickets()
        self._count_agents()

    def _segment(self, segment: Segment) -> None:
        question = self.question
        if segment.tenant != question.client:
            return
        if segment.line not in self.whose.other_lines:
            self.whose.lines.add(segment.line)
        elif segment.code:
            segment.code = OF_ANOTHER
        if question.line not in (None, segment.line):
            return
        if question.intervals.index(moment(segment, question.terms.view)) >= 0:
            self._at_line(segment.line).take(segment, question.terms)
            if segment.agent:
                self.agents.setdefault(segment.agent, AgentTime())
        if question.line is None:
            self._contacts.take(segment)
        else:
            self._contact(segment)

    def _at_line(self, line: str) -> Group:
        """All lines of other clients are one."""
        return self.by_line.setdefault(OF_ANOTHER if line in self.whose.other_lines else line, Group())

    def _contact(self, contact: Segment) -> None:
        """A contact of the client, or a segment of the line that was asked for."""
        terms = self.question.terms
        index = self.question.intervals.index(moment(contact, terms.view))
        self._customers.take(contact)
        self._tickets.take(contact)
        if index >= 0:
            for group in (
                self.total,
                self.by_interval[index],
                self.by_medium.setdefault(contact.medium, Group()),
            ):
                group.take(contact, terms)

    def _callback(self, promise: Promise) -> None:
        """A promised callback counts when it was promised, whatever the view."""
        question = self.question
        mine = promise.contact in self.whose.contacts and question.line in (None, promise.line)
        index = question.intervals.index(promise.promised_ms)
        if not mine or index < 0:
            return
        by_medium = self.by_medium.setdefault(promise.medium, Group())
        by_line = self._at_line(promise.line)
        for group in (self.total, self.by_interval[index], by_medium, by_line):
            group.counts.callbacks += 1
            group.counts.callbacks_kept += promise.kept
            group.counts.callbacks_lost += promise.over_ms > 0 and not promise.kept
            group.counts.callback_calls += promise.attempts
            group.counts.callback_ms += promise.over_ms - promise.promised_ms if promise.kept else 0

    def _survey(self, survey: Survey) -> None:
        """A survey counts when its party was asked."""
        question, score = self.question, survey.score
        mine = survey.contact in self.whose.contacts and question.line in (None, survey.line)
        index = question.intervals.index(survey.asked_ms)
        if not mine or index < 0:
            return
        for group in (self.total, self.by_interval[index], self._at_line(survey.line)):
            group.counts.surveys += 1
            group.counts.surveys_answered += score is not None
            group.counts.survey_points += score or 0

    def _escalation(self, fact: EscalationOver) -> None:
        """An escalation list counts when it began; it belongs to the client, to none of its lines."""
        question, began_ms = self.question, fact.t_ms - fact.took_ms
        index, taken = question.intervals.index(began_ms), fact.result == "acknowledged"
        ours = fact.tenant == question.client and question.line is None and fact.result != "cancelled"
        if not ours or index < 0:
            return
        for group in (self.total, self.by_interval[index]):
            group.counts.lists += 1
            group.counts.lists_taken += taken
            group.counts.lists_taken_ms += fact.took_ms if taken else 0

    def _count_customers(self, now_ms: int) -> None:
        for _, attempt, reached in self._customers.cases():
            for counts in self._counts_at(attempt.counted_ms, attempt.medium):
                counts.customers += 1
                counts.customers_reached += reached
        for _, attempt, again, settled in self._customers.answered(now_ms):
            for counts in self._counts_at(attempt.counted_ms, attempt.medium):
                counts.resolvable += 1
                counts.recontacted += again
                counts.resolved_first += settled

    def _count_tickets(self) -> None:
        for request in self._tickets.requests():
            for counts in self._counts_at(request.counted_ms, request.medium):
                counts.tickets += 1
                counts.ticket_handling_ms += request.handling_ms

    def _counts_at(self, t_ms: int, medium: str) -> Iterator[Counts]:
        index = self.question.intervals.index(t_ms)
        if index >= 0:
            yield self.total.counts
            yield self.by_interval[index].counts
            yield self.by_medium[medium].counts

    def _count_agents(self) -> None:
        for (agent, index), time in self._sheet.rows.items():
            if agent in self.agents:
                self.agents[agent].add(time)
                add_time(self.total.counts, time)
                add_time(self.by_interval[index].counts, time)


def report(
    question: Question,
    reader: JournalReader,
    desk: Desk | None,
    present_ms: int,
    *,
    look_back_ms: int = LOOK_BACK_MS,
    on_read: Callable[[int], None] = lambda t_ms: None,  # noqa: ARG005
) -> Report:
    """Read and fold as much of the journal as the question needs; `on_read` is told the moment reached.

    `desk`: the one that is configured now; None: everything is read from the beginning, where a journal says
    its desk. `present_ms` as `Report.close` has it. Reads again from earlier on when a contact of the
    intervals had arrived before. Raises JournalError.
    """
    while True:
        start = 0 if desk is None else reader.before(question.begin_ms - look_back_ms)
        made = Report(question, desk)
        _read(made, reader, start, on_read)
        if not start or made.ledger.stranger_ms < question.begin_ms:
            made.close(present_ms)
            made.losses = reader.losses(question.begin_ms, question.end_ms)
            return made
        look_back_ms *= 4


def _read(made: Report, reader: JournalReader, after_seq: int, on_read: Callable[[int], None]) -> None:
    for number, entry in enumerate(reader.entries(after_seq)):
        try:
            facts: list[Fact] = list(decode_facts(entry.facts))
            if any(isinstance(fact, DeskSet | IncidentOn) for fact in facts):
                event = decode_event(entry.event)
                if isinstance(event, DeskChanged):
                    made.desk_changed(event.desk)
                elif isinstance(event, IncidentDeclared):
                    made.whose.declared(event.incident, entry.t_ms)
        except MsgspecError as error:
            raise UnreadableEntry(entry.seq, entry.version) from error
        made.take(facts)
        made.last_ms = entry.t_ms
        if number % _CHECK_EVERY == 0:
            on_read(entry.t_ms)
            if made.decided():
                return


class UnreadableEntry(JournalError):
    """An entry whose event or facts this program does not understand."""

    def __init__(self, seq: int, version: int) -> None:
        super().__init__(
            f"journal entry {seq} cannot be read: engine version {version} wrote it, this is {ENGINE_VERSION}"
        )

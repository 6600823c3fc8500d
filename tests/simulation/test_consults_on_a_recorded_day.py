"""A recorded day on which agents asked somebody and supervisors listened: what the model makes of it."""

from acd.core import events
from acd.core.events import CallId, ContactId
from acd.testing.story import SECOND, START_MS, Story, agent, desk, line
from agents.skills import AgentId
from queues.desk import LineId, OutboundRule
from tests.simulation.recording import written
from tests.simulation.test_what_if import recorded

ANNA, BERT, SUSI = AgentId("anna"), AgentId("bert"), AgentId("susi")
HOUR = 3_600 * SECOND


class Taped(Story):
    """Keeps its events."""

    def _handle(self, event: events.Event) -> None:
        if not isinstance(event, events.Tick):
            told: list[tuple[int, events.Event]] = self.__dict__.setdefault("told", [])
            told.append((START_MS + self.now, event))
        super()._handle(event)


def day(*, asks: bool) -> list[tuple[int, events.Event]]:
    """Six calls of a minute each; in two of them second level is asked, once it takes over."""
    rule = OutboundRule("consult", ("local",), "sip"), OutboundRule("escalation", ("local",), "sip")
    parts = agent("anna"), agent("bert", second=1), agent("susi", none=1)
    story = Taped(desk(line(), line("second", "second"), *parts, outbound=rule))
    story.ready(0, "anna", "bert", "susi")
    for number in range(6):
        at = (1 + 5 * number) * 60 * SECOND
        call = ContactId(story.arrive(at))
        story.accept(at + 5 * SECOND, "anna")
        if asks and number in (1, 3):
            story.at(at + 20 * SECOND, events.ConsultStarted(call, ANNA, LineId("second")))
            story.accept(at + 25 * SECOND, "bert")
            story.at(at + 40 * SECOND, events.ConsultMerged(call, ANNA, stays=number == 1))
        if asks and number == 2:
            story.at(at + 10 * SECOND, events.ListenStarted(call, SUSI)).accept(at + 12 * SECOND, "susi")
        if asks and number == 4:
            story.at(at + 10 * SECOND, events.ConsultStarted(call, ANNA, party="n", dial_class="local"))
            story.at(at + 15 * SECOND, events.CallAnswered(CallId(1), "out"))
            story.at(at + 30 * SECOND, events.ConsultEnded(call, ANNA))
        story.release(at + 65 * SECOND, call, "bert" if asks and number == 3 else "anna")
        if asks and number == 1:
            story.release(at + 70 * SECOND, call, "bert")  # the conference went on without her
    told: list[tuple[int, events.Event]] = story.__dict__["told"]
    return told


def test_a_day_with_consults_is_read_and_its_callers_are_those_of_a_day_without() -> None:
    usual, _ = recorded(written(day(asks=False), START_MS + HOUR), START_MS, START_MS + HOUR, HOUR)
    asked, result = recorded(written(day(asks=True), START_MS + HOUR), START_MS, START_MS + HOUR, HOUR)
    assert asked.scenario.streams == usual.scenario.streams
    assert len(asked.arrivals) == len(usual.arrivals) == 6
    assert asked.scenario.callbacks == usual.scenario.callbacks, "whom agents called is no callback"
    assert result is not None

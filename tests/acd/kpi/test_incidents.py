"""How many an incident reached: the fold over facts and the engine's own counts are the same."""

from random import Random

from acd.core import events, facts
from acd.core.events import ContactId
from acd.kpi.incidents import Reached
from acd.testing.story import SECOND, Story, declared, desk, line
from queues.desk import IncidentId, OutboundRule
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk

RULE = OutboundRule("all_clear", ("local",), "sip", at_once=5)


def test_a_day_with_an_incident_is_counted_as_it_was() -> None:
    """Three come: one is content, one asks to be told and is, one stays."""
    story = Story(desk(line(), outbound=(RULE,))).at(0, declared(mode="offer"))
    calls = [story.arrive(0, party=f"n{number}", dial_class="local") for number in range(3)]
    story.leave(SECOND, calls[0]).press(SECOND, calls[1], "1").heard(2 * SECOND, calls[1])
    story.at(3 * SECOND, events.IncidentEnded(IncidentId("vpn"), "solved")).until(3 * SECOND)
    (call,) = story.engine.state.calls.values()
    story.at(4 * SECOND, events.CallAnswered(call.id, "out")).heard(5 * SECOND, ContactId(call.contact))
    reached = Reached()
    reached.take(story.facts)
    ((name, reach),) = reached.found
    assert (name, reach.gross, reach.heard, reach.ended, reach.stayed) == ("vpn", 3, 3, 2, 1)
    assert (reach.linked, reach.results) == (1, {"told": 1})


def test_on_random_days_the_fold_and_the_engine_agree() -> None:
    seen = 0
    for seed in range(12):
        rng, play, reached = Random(seed), Play(random_desk(seed), thorough=False), Reached()
        told: list[facts.Fact] = []
        follow = play.oracle.follow

        def watch(event: events.Event, now_ms: int, outcome: object, follow=follow, told=told) -> None:  # type: ignore[no-untyped-def]
            told += outcome.facts  # type: ignore[attr-defined]
            follow(event, now_ms, outcome)

        play.oracle.follow = watch  # type: ignore[method-assign]
        for _ in range(800):
            random_move(play, rng)
        reached.take(told)
        courses = play.engine.state.courses.values()
        mine = [(r.gross, r.heard, r.ended, r.linked, r.results["told"]) for _, r in reached.found]
        engine = [(c.gross, c.heard, c.ended, len(c.links), c.count("told")) for c in courses]
        assert mine[len(mine) - len(engine) :] == engine
        seen += len(engine)
    assert seen > 20


def test_only_our_contacts_count_and_what_was_declared_before_begins_where_it_is_met() -> None:
    story = Story(desk(line(), outbound=(RULE,))).at(0, declared(mode="offer"))
    mine = [story.arrive(0, party=f"n{number}", dial_class="local") for number in range(2)]
    story.press(SECOND, mine[0], "1").at(2 * SECOND, events.IncidentEnded(IncidentId("vpn")))
    later = next(number for number, fact in enumerate(story.facts) if isinstance(fact, facts.Concerned))
    reached = Reached(lambda contact: contact == mine[0])
    reached.take(story.facts[later:])
    ((name, reach),) = reached.found
    assert (name, reach.declared_ms, reach.gross, reach.heard, reach.linked, reach.open) == (
        "vpn", 0, 1, 1, 1, 0,
    )  # fmt: skip
    assert (reach.over_ms - story.moment(2 * SECOND), reach.over_by) == (0, "by hand")
    assert reach.results == {"dropped": 1}, "it ended without a word for him"

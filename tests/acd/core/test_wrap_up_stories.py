"""Wrap-up: timed, with a required code, extended; never cut short."""

from msgspec.structs import replace

from acd.core import events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, change, desk, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import LineId, WrapUpRule

ANNA = AgentId("anna")
TIMED = WrapUpRule(ms=10_000, codes=("reset", "printer"), max_extension_ms=20_000)
CODED = WrapUpRule(ms=10_000, codes=("reset", "printer"), code_required=True)


def after_a_call(rule: WrapUpRule) -> tuple[Story, int, int]:
    """Anna hangs up at 5 s; a second caller waits."""
    story = Story(desk(line(wrap_up=rule), agent("anna"))).ready(0, "anna")
    call, waits = story.arrive(0), story.arrive(0)
    story.accept(1_000, "anna").release(5_000, call, "anna")
    return story, call, waits


def test_nothing_is_offered_during_a_timed_wrap_up_and_the_next_at_its_end() -> None:
    story, call, waits = after_a_call(TIMED)
    assert story.shown("anna") == "wrap_up"
    story.until(14_999)
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == waits
    assert story.log(facts.WrapUpStarted, facts.WrapUpDone) == [
        (5_000, "WrapUpStarted", call, "anna"),
        (15_000, "WrapUpDone", call, "anna"),
    ]


def test_the_agent_may_end_it_early() -> None:
    story, call, waits = after_a_call(TIMED)
    story.at(7_000, events.WrapUpEnded(ContactId(call), ANNA))
    assert story.rung("anna") == waits


def test_a_required_code_keeps_it_open_and_ends_it_when_it_comes_late() -> None:
    story, call, waits = after_a_call(CODED)
    assert "needs a wrap-up code" in story.rejects(6_000, events.WrapUpEnded(ContactId(call), ANNA))
    story.until(60_000)
    assert story.log(facts.WrapUpOverdue) == [(15_000, "WrapUpOverdue", call, "anna")]
    assert story.shown("anna") == "wrap_up"
    story.code(61_000, call, "anna", "reset")
    assert story.of(facts.WrapUpDone)[0].code == "reset"
    assert story.rung("anna") == waits


def test_a_code_in_time_does_not_cut_the_time_short() -> None:
    story, call, waits = after_a_call(CODED)
    story.code(6_000, call, "anna", "printer").until(14_999)
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == waits


def test_a_code_given_during_the_call_counts_and_may_be_corrected() -> None:
    story = Story(desk(line(wrap_up=WrapUpRule(codes=("a", "b"), code_required=True)), agent("anna")))
    story.ready(0, "anna")
    call, waits = story.arrive(0), story.arrive(0)
    story.accept(1_000, "anna").code(2_000, call, "anna", "a").code(3_000, call, "anna", "b")
    story.release(5_000, call, "anna")
    assert story.rung("anna") == waits  # without time and with its code, there is nothing to wait for


def test_an_unknown_code_is_rejected() -> None:
    story, call, _ = after_a_call(CODED)
    unknown = events.WrapUpCoded(ContactId(call), ANNA, "nonsense")
    assert "not a wrap-up code" in story.rejects(6_000, unknown)


def test_extensions_add_up_to_the_limit_and_no_further() -> None:
    story, call, waits = after_a_call(TIMED)
    more = events.WrapUpExtended(ContactId(call), ANNA, 15_000)
    story.at(6_000, more)
    assert story.of(facts.WrapUpExtension)[0].until_ms == START_MS + 30_000
    assert "cannot be extended" in story.rejects(7_000, more)
    assert "cannot be extended" in story.rejects(7_000, events.WrapUpExtended(ContactId(call), ANNA, 0))
    story.at(8_000, events.WrapUpExtended(ContactId(call), ANNA, 5_000)).until(34_999)
    assert story.rung("anna") is None
    story.until(35_000)
    assert story.rung("anna") == waits


def test_an_overdue_wrap_up_may_still_be_extended() -> None:
    rule = WrapUpRule(ms=1_000, codes=("a",), code_required=True, max_extension_ms=5_000)
    story, call, _ = after_a_call(rule)
    story.at(10_000, events.WrapUpExtended(ContactId(call), ANNA, 5_000)).code(11_000, call, "anna", "a")
    story.until(14_999)
    assert story.shown("anna") == "wrap_up"
    story.until(15_000)
    assert story.shown("anna") == "offered"


def test_neither_a_pause_nor_signing_out_nor_a_restart_cuts_it_short() -> None:
    story, _, waits = after_a_call(TIMED)
    story.at(6_000, events.AgentPaused(ANNA, "break")).at(7_000, events.AgentReady(ANNA))
    story.at(8_000, events.AgentSignedOut(ANNA)).at(9_000, events.AgentSignedIn(ANNA)).restart()
    story.until(14_999)
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == waits


def test_a_new_desk_does_not_cut_it_short() -> None:
    opened = desk(line(wrap_up=TIMED), agent("anna"))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").release(5_000, call, "anna")
    story.at(6_000, change(opened, lambda one: replace(one, wrap_up=WrapUpRule())))
    story.arrive(7_000)
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == 2


def test_a_caller_who_hangs_up_starts_the_wrap_up_too() -> None:
    story = Story(desk(line(wrap_up=TIMED), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(1_000, "anna").leave(5_000, call)
    assert story.of(facts.Released)[0].by == "caller"
    assert story.log(facts.WrapUpStarted) == [(5_000, "WrapUpStarted", call, "anna")]


def test_handing_a_call_over_does_not_put_an_offer_into_the_wrap_up() -> None:
    """Even if he could take two calls at once, and nobody else is there."""
    story = Story(desk(line(wrap_up=TIMED), agent("anna", (VOICE, 2)))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(5_000, events.ContactTransferred(ContactId(call), ANNA, LineId("help")))
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == call

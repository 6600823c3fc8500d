"""The dial policy as a function: what is allowed, by which rule, and how often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.desk import OutboundRule, TenantId
from queues.dial_policy import HOUR_MS, NEVER, Counts, Wish, counted, decide, lately
from queues.outbound import Dialled

NORD, SUED = TenantId("nord"), TenantId("sued")
RULE = OutboundRule("callback", ("local", "mobile"), "sip", NORD, 2, 5, 3)
WISH = Wish(NORD, "callback", "mobile")
CLASSES = ("internal", "local", "mobile", "toll_free", "short", "foreign", "", *NEVER)
PURPOSES = ("callback", "consult", "divert", "escalation", "all_clear", "")

rules = st.builds(
    OutboundRule,
    purpose=st.sampled_from(PURPOSES),
    classes=st.lists(st.sampled_from(CLASSES), max_size=4).map(tuple),
    channel=st.just("sip"),
    tenant=st.sampled_from(("", NORD, SUED)),
    at_once=st.integers(1, 4),
    per_hour=st.integers(0, 4),
    per_number=st.integers(0, 4),
)
wishes = st.builds(Wish, st.sampled_from((NORD, SUED)), st.sampled_from(PURPOSES), st.sampled_from(CLASSES))
counts = st.builds(Counts, st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))


@pytest.mark.parametrize(
    ("wish", "so_far", "reason"),
    [
        (WISH, Counts(1, 4, 2), ""),
        (WISH, Counts(2, 0, 0), "at once"),
        (WISH, Counts(0, 5, 0), "per hour"),
        (WISH, Counts(0, 4, 3), "per number"),
        (WISH._replace(tenant=SUED), Counts(), "no rule"),
        (WISH._replace(purpose="consult"), Counts(), "no rule"),
        (WISH._replace(dial_class="foreign"), Counts(), "no rule"),
        (WISH._replace(dial_class="premium"), Counts(), "never"),
    ],
)
def test_one_rule_decides(wish: Wish, so_far: Counts, reason: str) -> None:
    assert decide([RULE], wish, so_far).reason == reason


def test_what_may_be_called_later_is_no_refusal_by_the_policy() -> None:
    assert decide([RULE], WISH, Counts(in_hour=5)).refusal == "no room"
    assert decide([], WISH, Counts()).refusal == "refused by policy"
    assert decide([RULE], WISH, Counts()).refusal is None


def test_a_full_rule_does_not_hand_on_to_the_next() -> None:
    """Else a second rule would undo the cap of the first."""
    wider = OutboundRule("callback", ("mobile",), "sip")
    assert decide([RULE, wider], WISH, Counts(in_hour=5)).reason == "per hour"


@given(st.lists(rules, max_size=4), wishes, counts)
def test_nothing_is_rung_that_no_rule_names(allowed: list[OutboundRule], wish: Wish, so_far: Counts) -> None:
    decision = decide(allowed, wish, so_far)
    if decision.reason:
        return
    rule = decision.rule
    assert rule is not None
    assert rule in allowed
    assert wish.dial_class not in NEVER
    assert (rule.purpose, rule.tenant in ("", wish.tenant)) == (wish.purpose, True)
    assert wish.dial_class in rule.classes
    assert so_far.at_once < rule.at_once
    assert not rule.per_hour or so_far.in_hour < rule.per_hour
    assert not rule.per_number or so_far.to_number < rule.per_number


@given(st.lists(rules, max_size=4), wishes, counts, counts)
def test_more_calls_never_allow_what_fewer_did_not(
    allowed: list[OutboundRule], wish: Wish, one: Counts, other: Counts
) -> None:
    more = Counts(*map(max, one, other))
    assert not decide(allowed, wish, one).reason or decide(allowed, wish, more).reason


def test_an_hour_is_any_hour_and_counts_by_client_and_purpose() -> None:
    dialled = [
        Dialled(1, NORD, "callback", "a"),
        Dialled(2, NORD, "callback", "a"),
        Dialled(3, NORD, "consult", "a"),
        Dialled(4, SUED, "callback", "a"),
        Dialled(5, NORD, "callback", "b"),
    ]
    recent = lately(dialled, HOUR_MS + 1)
    assert [one.at_ms for one in recent] == [2, 3, 4, 5]
    assert counted(recent, WISH, "a", 7) == Counts(7, 2, 1)

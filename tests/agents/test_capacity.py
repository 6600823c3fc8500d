"""What fits beside what an agent has in hand."""

import pytest

from agents.capacity import FAX, MAIL, VOICE, Medium, can_take

V, M, F = VOICE, MAIL, FAX


@pytest.mark.parametrize(
    ("medium", "handled", "fits"),
    [
        (V, [], True),
        (V, [V], False),
        (M, [M], True),
        (M, [M, M], False),
        (F, [], False),  # no capacity named: none
        (V, [M], True),  # a call may interrupt a mail
        (V, [M, M], True),
        (M, [V], False),  # and not the other way round
        (V, [F], False),
        (V, [M, F], False),  # all that is handled must be interruptible
    ],
)
def test_one_more_fits_when_a_place_is_free_and_everything_else_may_be_interrupted(
    medium: Medium, handled: list[Medium], fits: bool
) -> None:
    assert can_take(medium, handled, {V: 1, M: 2}, {(V, M)}) is fits

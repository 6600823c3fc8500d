"""Wrong passwords, counted by address and name."""

from channels.sip.b2bua.guesses import MOST_WRONG, Guesses
from channels.sip.per_minute import MOST, WINDOW_MS


def wrong(ours: Guesses, times: int, at_ms: int = 0, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        ours.note(address, "anna", at_ms)


def test_after_some_wrong_ones_nothing_is_right_for_the_rest_of_the_minute() -> None:
    ours = Guesses()
    wrong(ours, MOST_WRONG - 1)
    assert not ours.too_many("192.0.2.1", "anna", 1)
    wrong(ours, 1)
    assert ours.too_many("192.0.2.1", "anna", WINDOW_MS - 1)
    assert not ours.too_many("192.0.2.1", "anna", WINDOW_MS)


def test_neither_the_phone_itself_nor_those_behind_the_address_are_locked_out() -> None:
    ours = Guesses()
    wrong(ours, 10 * MOST_WRONG)
    assert not ours.too_many("192.0.2.9", "anna", 1)
    assert not ours.too_many("192.0.2.1", "bert", 1)


def test_who_goes_on_guessing_has_as_many_tries_in_the_next_minute_and_no_more() -> None:
    ours = Guesses()
    wrong(ours, 10 * MOST_WRONG)
    wrong(ours, 1, at_ms=WINDOW_MS)
    assert not ours.too_many("192.0.2.1", "anna", WINDOW_MS)
    wrong(ours, MOST_WRONG, at_ms=WINDOW_MS + 1)
    assert ours.too_many("192.0.2.1", "anna", WINDOW_MS + 2)


def test_forged_addresses_fill_no_memory() -> None:
    ours = Guesses()
    for number in range(2 * MOST):
        wrong(ours, 1, address=str(number))
    assert len(ours._wrong) <= MOST

"""Refusals in the log: at once, then once a minute with their number, and never too many."""

from channels.sip.per_minute import WINDOW_MS
from channels.sip.refusals import MOST, Refusals


def test_the_first_is_told_at_once_and_the_others_a_minute_later_with_their_number() -> None:
    told: list[tuple[str, str, int]] = []
    ours = Refusals(lambda *one: told.append(one))
    for number in range(100):
        ours.note("192.0.2.1", "INVITE 403", number)
    ours.note("192.0.2.2", "INVITE 403", 50)
    assert told == [("192.0.2.1", "INVITE 403", 1), ("192.0.2.2", "INVITE 403", 1)]
    ours.note("192.0.2.1", "INVITE 403", WINDOW_MS)
    assert told[2:] == [("192.0.2.1", "INVITE 403", 100)]


def test_forged_addresses_fill_neither_memory_nor_log() -> None:
    told: list[tuple[str, str, int]] = []
    ours = Refusals(lambda *one: told.append(one))
    for number in range(3 * MOST):
        ours.note(f"192.0.2.{number}", "INVITE 403", number)
    assert (len(ours._noted), len(told)) == (MOST, MOST)
    ours.note("198.51.100.1", "INVITE 403", WINDOW_MS)
    assert told[-1][0] == "198.51.100.1"

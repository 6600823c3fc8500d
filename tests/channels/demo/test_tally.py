"""The demonstration counts only what both sides reported."""

from channels.demo.tally import Tally, heard_each_other

CALLER = {"role": "caller", "hz": 425, "heard_hz": 1800, "outcome": "answered"}
ARRIVED = {"kind": "Arrived", "fact": {"vip": False}}
AGENT = {"role": "agent", "agent": "anna", "contact": "1", "hz": 1800, "heard_hz": 425}


def test_a_call_is_verified_when_each_side_heard_the_other_s_tone() -> None:
    assert heard_each_other([CALLER, AGENT]) == 1


def test_one_side_alone_verifies_nothing() -> None:
    assert heard_each_other([CALLER]) == 0
    assert heard_each_other([AGENT]) == 0


def test_a_tone_of_somebody_else_verifies_nothing() -> None:
    assert heard_each_other([CALLER, {**AGENT, "heard_hz": 450}]) == 0
    assert heard_each_other([{**CALLER, "heard_hz": 1950}, AGENT]) == 0


def test_silence_verifies_nothing() -> None:
    assert heard_each_other([{**CALLER, "heard_hz": 0}, {**AGENT, "heard_hz": 0}]) == 0


def test_a_report_counts_for_one_call_only() -> None:
    assert heard_each_other([CALLER, CALLER, AGENT]) == 1


def test_a_contact_without_an_end_is_lost_and_spoils_the_result() -> None:
    tally = Tally()
    tally.count([ARRIVED, {"kind": "Queued"}])
    assert (tally.offered, tally.lost, tally.good()) == (1, 1, False)


def test_a_promise_counts_as_kept_only_when_they_were_joined() -> None:
    tally = Tally()
    over = {"kind": "CallbackOver", "fact": {"kept": False}}
    tally.count([ARRIVED, {"kind": "Queued"}, {"kind": "Parked"}, over])
    assert (tally.promised, tally.kept) == (1, 0)
    tally.count([ARRIVED, {"kind": "Queued"}, {"kind": "Parked"}, {**over, "fact": {"kept": True}}])
    assert (tally.promised, tally.kept) == (2, 1)


def test_a_vip_and_who_heard_the_incident() -> None:
    tally = Tally()
    tally.count([{"kind": "Arrived", "fact": {"vip": True}}, {"kind": "Informed"}])
    tally.count([ARRIVED])
    assert (tally.vips, tally.vips_answered, tally.heard) == (1, 0, 1)

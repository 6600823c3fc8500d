"""Whether a leg is still there: its silence, and asking it by OPTIONS."""

from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.dialog import DialogState

JUST_NOW_MS = 60_000
"""So long what a restart has found of a leg's silence holds if silence is not watched."""


def offered(calls: Calls, leg: Leg) -> None:
    """An agent is rung for one who was silent, perhaps still is: ask now, before there is an answer."""
    if is_silent(calls, leg):
        probe(calls, leg)


def is_silent(calls: Calls, leg: Leg) -> bool:
    """By what was told last, which is told again as long as it lasts."""
    within_ms = 1_000 * calls.settings.silent_s or JUST_NOW_MS
    return leg.silent_ms is not None and calls.now_ms - leg.silent_ms <= within_ms


def probe(calls: Calls, leg: Leg) -> None:
    """Ask a leg whose media went silent, or that a restart found again, whether it is still there."""
    dialog = leg.record.dialog
    if dialog is None or leg.record.stage is not LegStage.UP or dialog.state is DialogState.TERMINATED:
        return
    if leg.probe in calls.by_transaction:  # it is being asked
        return
    request = dialog.request("OPTIONS")
    leg.probe = calls.layer.send_request(request, dialog.destination(), calls.now_ms)
    calls.by_transaction[leg.probe] = leg

"""What is answered to whom we do not know: hardly more than came, and not too often.

Source addresses of datagrams can be forged. Whoever we answered with more than came, or more often, would be
flooded through us.
"""

from channels.sip.b2bua.calls import Calls
from channels.sip.per_minute import PerMinute

MOST_A_MINUTE = 1_000
"""Answers to one address: many phones behind one address may come at once after a power cut."""

CHALLENGE_BYTES = 400
"""So much longer than the REGISTER may a challenge be: a phone has to get it before it can be known."""


class Strangers:
    """Decides about answers without a transaction; all others belong to calls and phones of ours."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._answered = PerMinute[str]()

    def may_answer(self, host: str, status: int, longer_by: int) -> bool:
        """See channels.sip.protocol.transactions.MayAnswer."""
        calls = self._calls
        if calls.trunk_of(host) or calls.phones.is_at(host) or self._is_outbound(host):
            return True
        may = longer_by <= (CHALLENGE_BYTES if status == 401 else 0)
        if may and self._answered.note(host, calls.now_ms)[0] <= MOST_A_MINUTE:
            return True
        calls.count("stranger not answered")
        return False

    def _is_outbound(self, host: str) -> bool:
        outbound = self._calls.settings.outbound
        return outbound is not None and outbound.trunk.host == host

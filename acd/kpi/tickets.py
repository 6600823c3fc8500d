"""Tickets: the work on one service request, over all contacts that belong to it."""

from collections.abc import Iterable

from msgspec import Struct

from acd.kpi.ledger import Segment
from acd.kpi.segment import View
from acd.kpi.service import moment


class Request(Struct, gc=False):
    """What one ticket took so far."""

    counted_ms: int
    """When its first contact counts."""
    medium: str
    """Of that contact."""
    handling_ms: int = 0
    """Talk, hold and wrap-up of all its contacts."""


class Tickets:
    """Folds contacts (`acd.kpi.contacts`, in any order) into tickets. Contacts without one are left out."""

    def __init__(self, view: View = View.ENTRY) -> None:
        self._view = view
        self._requests: dict[tuple[str, str], Request] = {}

    def take(self, contact: Segment) -> None:
        """Note a contact."""
        if not contact.ticket:
            return
        counted_ms = moment(contact, self._view)
        found = self._requests.get((contact.tenant, contact.ticket))
        if found is None:
            found = self._requests[contact.tenant, contact.ticket] = Request(counted_ms, contact.medium)
        elif counted_ms < found.counted_ms:
            found.counted_ms, found.medium = counted_ms, contact.medium
        found.handling_ms += contact.talk_ms + contact.hold_ms + contact.wrap_up_ms

    def requests(self) -> Iterable[Request]:
        """Each ticket once."""
        return self._requests.values()

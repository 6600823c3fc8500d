"""Lists of people: the engine knows which version holds, and nothing of what is in it."""

from acd.core import facts
from acd.core.errors import Rejected
from acd.core.events import ListChanged
from acd.core.state import State


def changed(state: State, event: ListChanged) -> None:
    """Note the version. Raises Rejected: the client is unknown, or the version is not a newer one."""
    if all(tenant.id != event.tenant for tenant in state.desk.tenants):
        raise Rejected(f"client {event.tenant} is unknown")
    held = state.lists.get((event.tenant, event.list), 0)
    if event.version <= held:
        raise Rejected(f"list {event.list} of {event.tenant} has version {held} already")
    state.lists[event.tenant, event.list] = event.version
    state.tell(facts.ListSet(state.now_ms, event.tenant, event.list, event.version))

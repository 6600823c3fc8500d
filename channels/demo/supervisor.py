"""The demonstration's supervisor: a network is down, everybody rings in, and he does what there is to do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from acd.commands.client import Client, RequestRefused

CLIENT, LINE = "nordwind", "nordwind-helpdesk"
INCIDENT = "network"
TEXTS = {
    "de": "Das Netz von Nordwind ist gestört. Wir arbeiten daran.",
    "en": "The network of Nordwind is down. We are working on it.",
}
TICKET = "INC-0001"

RUSH, DECLARED, CLEARED = 0.15, 0.25, 0.85
"""Of the time in which calls are made: when many ring at once, when the text is switched on and off."""


@dataclass(slots=True)
class Supervisor:
    """`calling_s`: how long calls are made. Everything is done once, as soon as it can be."""

    client: Client
    calling_s: float
    done: list[str] = field(default_factory=list)
    """What he has done: `declared`, `cleared`, `promised`."""

    def look(self, spent_s: float) -> None:
        """Do what is due `spent_s` after the first call. Raises ClientError."""
        for what, after, act in (
            ("declared", DECLARED, self._declare),
            ("promised", DECLARED, self._promise),
            ("cleared", CLEARED, self._clear),
        ):
            if what not in self.done and spent_s >= after * self.calling_s and act():
                self.done.append(what)

    def finish(self) -> None:
        """The text does not outlast the demonstration. Raises ClientError."""
        self.look(self.calling_s)

    def _declare(self) -> bool:
        body = {"id": INCIDENT, "texts": TEXTS, "for_ms": 3_600_000, "clients": [CLIENT], "ticket": TICKET}
        return _took(lambda: self.client.post("/incidents", body))

    def _clear(self) -> bool:
        return _took(lambda: self.client.post(f"/incidents/{INCIDENT}/clear", {}))

    def _promise(self) -> bool:
        """Whoever waits last is called back; he would wait longest."""
        waiting = [
            contact["id"]
            for contact in self.client.get("/status")["contacts"]
            if contact["line"] == LINE and contact["state"] == "waiting" and not contact["parked"]
        ]
        return bool(waiting) and _took(lambda: self.client.post(f"/contacts/{waiting[-1]}/callback", {}))


def _took(ask: Callable[[], object]) -> bool:
    """False: the desk has changed meanwhile, so that there is nothing to do."""
    try:
        ask()
    except RequestRefused as refusal:
        if refusal.status in {404, 409}:
            return False
        raise
    return True

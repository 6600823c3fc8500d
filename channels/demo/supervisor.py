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
SOLVED = {
    "de": "Das Netz von Nordwind läuft wieder.",
    "en": "The network of Nordwind is up again.",
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
    """What he has done: `declared`, `linked`, `promised`, `cleared`."""

    def look(self, spent_s: float) -> None:
        """Do what is due `spent_s` after the first call. Raises ClientError."""
        for what, after, act in (
            ("declared", DECLARED, self._declare),
            ("linked", DECLARED, self._link),
            ("promised", DECLARED, self._promise),
            ("cleared", CLEARED, self._clear),
        ):
            if what not in self.done and spent_s >= after * self.calling_s and act():
                self.done.append(what)

    def finish(self) -> None:
        """The text does not outlast the demonstration; nobody is there to be called. Raises ClientError."""
        if "declared" in self.done and "cleared" not in self.done and self._clear(silent=True):
            self.done.append("cleared")

    def _declare(self) -> bool:
        body = {"id": INCIDENT, "texts": TEXTS, "for_ms": 3_600_000, "clients": [CLIENT], "ticket": TICKET}
        return _took(lambda: self.client.post("/incidents", body))

    def _clear(self, *, silent: bool = False) -> bool:
        body = {"silent": True} if silent else {"texts": SOLVED}
        return _took(lambda: self.client.post(f"/incidents/{INCIDENT}/clear", body))

    def _link(self) -> bool:
        """Whoever waits longest is called when it is solved; as an agent does who is asked to."""
        waiting = self._waiting()
        link = {"incident": INCIDENT}
        return bool(waiting) and _took(lambda: self.client.post(f"/contacts/{waiting[0]}/link", link))

    def _promise(self) -> bool:
        """Whoever waits last is called back; he would wait longest."""
        waiting = self._waiting()
        return bool(waiting) and _took(lambda: self.client.post(f"/contacts/{waiting[-1]}/callback", {}))

    def _waiting(self) -> list[int]:
        """Who waits on the line, the first first."""
        return [
            contact["id"]
            for contact in self.client.get("/status")["contacts"]
            if contact["line"] == LINE and contact["state"] == "waiting" and not contact["parked"]
        ]


def _took(ask: Callable[[], object]) -> bool:
    """False: the desk has changed meanwhile, so that there is nothing to do."""
    try:
        ask()
    except RequestRefused as refusal:
        if refusal.status in {404, 409}:
            return False
        raise
    return True

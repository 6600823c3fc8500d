"""The world of the tests with the real engine behind it: packets move contacts, and contacts packets."""

from collections import deque
from collections.abc import Iterable

from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import AgentReachable, AgentSignedIn, DeskChanged, Event, Tick
from acd.core.participants import Sound, participants
from acd.ports import DialClass, Record
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Close, Join, Leave, LegId, Play, Stop
from channels.sip.b2bua import entrance
from channels.sip.b2bua.leg import Leg, LegStage
from queues.contact import Contact
from queues.desk import CallbackRule, Desk, Line, Order, OutboundRule
from tests.acd.core.story import START_MS, agent, desk, entry, line
from tests.channels.sip.b2bua.world import NUMBER, ScriptedHost, World

DIALLED = "+49305550101"
AGENTS = ("anna", "bert")


def opened(order: Order) -> Desk:
    """One line, two agents, callbacks to local numbers."""
    rule = CallbackRule(order, attempts=3, gap_ms=1_000, ring_ms=30_000)
    helps: Line = line(callback=rule, ring_ms=60_000)
    rules = (OutboundRule("callback", ("local",), "sip"),)
    return desk(helps, entry(DIALLED, "help"), *(agent(name) for name in AGENTS), outbound=rules)


class LiveHost(ScriptedHost):
    """Hands events to an engine; what it orders waits to be carried out, as behind a journal."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.engine = Engine()
        self.now_ms = START_MS
        self.ordered: deque[Effect] = deque()
        self.numbers["party-1"] = NUMBER, DialClass.LOCAL
        self.submit(DeskChanged(opened(order)))

    def submit(self, event: Event, records: Iterable[Record] = ()) -> int:
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self.ordered.extend(self.engine.handle(Tick(), self.now_ms).effects)
        self.ordered.extend(self.engine.handle(event, self.now_ms).effects)
        return super().submit(event, records)


class Live(World):
    """`settle` until nothing moves: effects to the calls, packets to everybody."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.host: LiveHost = LiveHost(order)
        self.telling.host = self.calls.host = self.host
        self.calls.tell = self.telling.tell
        self.callers = 0
        for name in AGENTS:
            self.host.submit(AgentReachable(AgentId(name), VOICE, Carrier("sip", name)))
            self.host.submit(AgentSignedIn(AgentId(name)))

    def settle(self) -> None:
        self.run()
        while self.host.ordered or self.calls.unread:
            while self.host.ordered:
                self.calls.now_ms = self.now_ms
                entrance.carry_out(self.calls, self.host.ordered.popleft())
                self.run()
            self.read_numbers()

    def wait(self, ms: int) -> None:
        """Time passes for everybody."""
        self.pass_time(ms)
        self.host.now_ms += ms
        due_ms = self.host.engine.next_deadline()
        if due_ms is not None and due_ms <= self.host.now_ms:
            self.host.submit(Tick())
        self.settle()

    @property
    def contacts(self) -> list[Contact]:
        return list(self.host.engine.state.contacts.values())

    def up(self) -> list[Leg]:
        """Legs on which somebody talks or waits."""
        return [leg for leg in self.calls.legs.values() if leg.record.stage is LegStage.UP and not leg.gone]

    # Who hears whom

    def ought(self) -> dict[str, Sound]:
        """Leg → what its party is to hear, by the participants of the contacts."""
        state = self.host.engine.state
        told = [one for contact in self.contacts for one in participants(state, contact)]
        return {f"o{one.offer}" if one.offer else one.carrier.ref: one.hears for one in told}

    def heard(self) -> dict[str, Sound]:
        """Leg → what the media play to it, folded from every command."""
        ears = Ears()
        for command in self.media.commands:
            ears.take(command)
        return {leg.id: ears.hears(leg.id) for leg in self.up()}


class Ears:
    """Rooms and music of every leg, as the docstrings of the commands say."""

    def __init__(self) -> None:
        self.rooms: dict[LegId, str] = {}
        self.music: set[LegId] = set()

    def take(self, command: object) -> None:
        match command:
            case Join():
                self.rooms[command.leg] = command.room
                self.music.discard(command.leg)
            case Leave():
                self.rooms.pop(command.leg, None)
            case Play(loop=loop) if loop is not None:
                self.music.add(command.leg)
            case Stop():
                self.music.discard(command.leg)
            case Close():
                self.rooms.pop(command.leg, None)
                self.music.discard(command.leg)

    def hears(self, leg: LegId) -> Sound:
        if leg in self.music:
            return Sound.MUSIC
        room = self.rooms.get(leg)
        others = [one for one, its in self.rooms.items() if room == its and one != leg]
        return Sound.OTHERS if others else Sound.NOTHING

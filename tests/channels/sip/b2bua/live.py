"""The world of the tests with the real engine behind it: packets move contacts, and contacts packets."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path

from acd.core.effects import ConnectContact, Effect
from acd.core.engine import Engine
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    DeskChanged,
    Event,
    MessageRecorded,
    Restarted,
    Tick,
)
from acd.core.participants import Sound, participants
from acd.ports import ChannelRecord, DialClass
from acd.testing.story import START_MS, agent, desk, entry, line, treatment
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Close, Join, Leave, LegId, Play, SoundId, Stop
from channels.sip.b2bua import entrance, restart, speaking
from channels.sip.b2bua.calls import Errand
from channels.sip.b2bua.leg import Leg, LegStage
from queues import treatment as steps
from queues.contact import Contact
from queues.desk import CallbackRule, Desk, Line, Order, OutboundRule
from queues.names import TreatmentId
from queues.treatment import NO_TREATMENT, Enqueue, GoOn, Menu, Music, Park, Say, SayPosition, Treatment
from tests.channels.sip.b2bua.world import NUMBER, ScriptedHost, World

DIALLED = "+49305550101"
AGENTS = ("anna", "bert")
ARRIVAL, WAITING, PROMISE = TreatmentId("arrival"), TreatmentId("waiting"), TreatmentId("promise")
VOICEMAIL = TreatmentId("voicemail")
CHOICES = ("1", WAITING), ("2", PROMISE), ("3", VOICEMAIL)
SPEAKS = Say("speak"), steps.Record(60_000)


TREATMENTS = (
    treatment(
        "arrival",
        Say("welcome"),
        Menu("choose", (("1", WAITING), ("2", PROMISE), ("3", VOICEMAIL)), 1_000, "calm"),
    ),
    treatment(
        "waiting",
        Enqueue(),
        SayPosition(),
        Music("default", 2_000),
        Menu("call back", (("1", PROMISE), ("3", VOICEMAIL)), 1_000, "calm"),
        GoOn(WAITING),
    ),
    treatment("promise", Enqueue(), Say("promised"), Park(), Say("not now")),
    treatment(
        "voicemail", Say("speak"), steps.Record(60_000), Say("thanks"), Park("voicemail"), GoOn(WAITING)
    ),
)
"""Of the line and of its number, if they have any."""


def opened(order: Order, treatments: tuple[Treatment, ...] = ()) -> Desk:
    """One line, two agents, callbacks to local numbers."""
    rule = CallbackRule(order, attempts=3, gap_ms=1_000, ring_ms=30_000)
    arrival, waiting = (ARRIVAL, WAITING) if treatments else (NO_TREATMENT, NO_TREATMENT)
    helps: Line = line(callback=rule, ring_ms=60_000, treatment=waiting)
    number = entry(DIALLED, "help", treatment=arrival)
    rules = OutboundRule("callback", ("local",), "sip"), OutboundRule("consult", ("local",), "sip")
    agents = [agent(name) for name in AGENTS]
    return desk(helps, number, *agents, *treatments, outbound=rules)


class LiveHost(ScriptedHost):
    """Hands events to an engine; what it orders waits to be carried out, as behind a journal."""

    def __init__(self, order: Order, treatments: tuple[Treatment, ...]) -> None:
        super().__init__()
        self.engine = Engine()
        self.now_ms = START_MS
        self.ordered: deque[Effect] = deque()
        self.numbers["party-1"] = NUMBER, DialClass.LOCAL
        self.submit(DeskChanged(opened(order, treatments)))

    def submit(self, event: Event, records: Iterable[ChannelRecord] = ()) -> int:
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self.ordered.extend(self.engine.handle(Tick(), self.now_ms).effects)
        self.ordered.extend(self.engine.handle(event, self.now_ms).effects)
        return super().submit(event, records)


class Live(World):
    """`settle` until nothing moves: effects to the calls, packets to everybody."""

    def __init__(self, order: Order, treatments: tuple[Treatment, ...] = ()) -> None:
        super().__init__()
        self.host: LiveHost = LiveHost(order, treatments)
        self.telling.host = self.calls.host = self.host
        self.calls.tell = self.telling.tell
        self.callers = 0
        for name in AGENTS:
            self.host.submit(AgentReachable(AgentId(name), VOICE, Carrier("sip", name)))
            self.host.submit(AgentSignedIn(AgentId(name)))

    def settle(self) -> None:
        self.run()
        while self.host.ordered or self.calls.unread or self.calls.errands:
            while self.host.ordered:
                self.calls.now_ms = self.now_ms
                entrance.carry_out(self.calls, self.host.ordered.popleft())
                self.run()
            self.read_numbers()
            while self.calls.errands:
                self._do(self.calls.errands.popleft())
                self.run()

    def _do(self, errand: Errand) -> None:
        """Everything is kept and read at once."""
        if isinstance(errand, Path):
            of = speaking.spoken(errand)
            self.telling.tell(MessageRecorded(of.contact, of.visit, "sound", 5_000))
        elif isinstance(errand, ConnectContact):
            speaking.play(self.calls, errand, SoundId("once-sound"))

    def restart(self) -> None:
        """The server was killed and is back; media and peers have noticed nothing."""
        self.begin()
        self.host.submit(Restarted(self.host.now_ms))
        records = dict(self.host.records)
        restart.load_legs(self.calls, records, frozenset(records))
        restart.reconcile(self.calls, self.host.engine.standing())
        self.settle()

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

    def room_mates(self) -> dict[str, set[str]]:
        """Leg → the other legs in its room."""
        rooms = self.ears().rooms
        return {
            leg: {one for one, its in rooms.items() if its == room and one != leg}
            for leg, room in rooms.items()
        }

    def heard(self) -> dict[str, Sound]:
        """Leg → what the media play to it, folded from every command."""
        ears = self.ears()
        return {leg.id: ears.hears(leg.id) for leg in self.up()}

    def ears(self) -> "Ears":
        ears = Ears()
        for command in self.media.commands:
            ears.take(command)
        return ears

    # Treatments

    def lists_ordered(self) -> dict[str, int]:
        """Leg → the number of the list that its party is to hear, by the treatment in which it is."""
        up = {leg.id for leg in self.up()}
        treated = [one for one in self.contacts if one.walk is not None]
        return {one.carrier.ref: one.visit for one in treated if one.carrier.ref in up}

    def lists_played(self) -> dict[str, int]:
        """Leg → the number of the list that the media play to it, folded from every command."""
        return {leg: int(name.removeprefix("visit ")) for leg, name in self.ears().lists.items()}


class Ears:
    """Rooms, music and lists of every leg, as the docstrings of the commands say."""

    def __init__(self) -> None:
        self.rooms: dict[LegId, str] = {}
        self.music: set[LegId] = set()
        self.messages: set[LegId] = set()
        self.lists: dict[LegId, str] = {}

    def take(self, command: object) -> None:
        match command:
            case Join():
                if self.rooms.get(command.leg) != command.room:
                    self.rooms[command.leg] = command.room
                    self._silence(command.leg)
            case Leave():
                self.rooms.pop(command.leg, None)
            case Play():
                self._play(command)
            case Stop():
                self._silence(command.leg)
            case Close():
                self.rooms.pop(command.leg, None)
                self._silence(command.leg)

    def _play(self, command: Play) -> None:
        if command.loop is not None:
            (self.messages if command.loop.startswith("once-") else self.music).add(command.leg)
        if command.play:
            self.lists[command.leg] = command.play

    def _silence(self, leg: LegId) -> None:
        self.music.discard(leg)
        self.messages.discard(leg)
        self.lists.pop(leg, None)

    def hears(self, leg: LegId) -> Sound:
        room = self.rooms.get(leg)
        if any(room == its and one != leg for one, its in self.rooms.items()):
            return Sound.OTHERS
        if leg in self.messages:
            return Sound.MESSAGE
        return Sound.MUSIC if leg in self.music else Sound.NOTHING

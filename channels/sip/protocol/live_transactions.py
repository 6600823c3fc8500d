"""Living transactions: moves them through their machine's table, runs their timers, collects outputs."""

from collections.abc import Callable
from functools import partial

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Header, Message, Request, Response, make_headers
from channels.sip.protocol.outputs import (
    AckMissing,
    AckReceived,
    ClientKey,
    NewRequest,
    Output,
    ResponseReceived,
    SendTo,
    ServerKey,
    TimedOut,
)
from channels.sip.protocol.state_machines import (
    CLIENT_OTHER,
    REPEATING,
    Action,
    Machine,
    Timing,
    TransactionState,
    Trigger,
    first_interval,
    next_interval,
)
from channels.sip.protocol.timers import Timers

UasId = tuple[str, str, str, int]
"""Call-ID, From tag, To tag, CSeq number: what an ACK of a 2xx is matched by."""
MergeId = tuple[str, str, int, str]
"""Call-ID, From tag, CSeq number, method: what a merged request is known by (RFC 3261 §8.2.2.2)."""


DONE = Request(method="", uri="", headers=())
"""Takes the place of a request that is not needed any more: transactions linger for 32 s."""


class Transaction:
    """State of one transaction; all that changes lives here."""

    __slots__ = (
        "ack_seen", "acks", "cancelling", "destination", "interval_ms", "key", "last", "machine", "merge",
        "names", "quiet", "request", "state", "to_tag", "uas_id",
    )  # fmt: skip

    def __init__(self, key: ClientKey | ServerKey, machine: Machine, request: Request, to: Endpoint) -> None:
        self.key = key
        self.machine = machine
        self.state = machine.start
        self.request = request
        self.destination = to
        self.last = b""
        self.interval_ms = 0
        self.to_tag = ""
        self.quiet = False
        self.cancelling: tuple[Header, ...] | None = None
        self.ack_seen = False
        self.acks: dict[str, SendTo | None] = {}
        self.names = "", "", ""
        """Of a request of ours: its Call-ID, From and CSeq, as they are."""
        self.uas_id: UasId | None = None
        self.merge: MergeId | None = None


Received = tuple[Message, Endpoint]
Timer = tuple[Transaction, Trigger]


class Running:
    """All transactions by key, with their timers and the outputs that wait to be taken."""

    def __init__(self, timing: Timing) -> None:
        self.clients: dict[ClientKey, Transaction] = {}
        self.servers: dict[ServerKey, Transaction] = {}
        self.answered: dict[UasId, Transaction] = {}
        self.merges: dict[MergeId, Transaction] = {}
        self.timers: Timers[Timer] = Timers()
        self.out: list[Output] = []
        self._timing = timing
        self._intervals = {
            (timer, reliable): first_interval(timer, timing, reliable=reliable)
            for timer in Trigger
            for reliable in (False, True)
        }
        self._plain: dict[Action, Callable[[Transaction], None]] = {
            Action.SEND: self._send,
            Action.RESEND: self._send,
            Action.TIMED_OUT: self._timed_out,
            Action.UNREACHABLE: partial(self._timed_out, status=503),
            Action.ACK_MISSING: self._ack_missing,
        }
        self._with_message: dict[Action, Callable[[Transaction, Message, Endpoint], None]] = {
            Action.DELIVER: self._deliver,
            Action.SEND_ACK: self._send_ack,
            Action.REACK: self._reack,
            Action.ACKED: self._acked,
        }
        self._timed: dict[Action, Callable[[Transaction, Trigger, int], None]] = {
            Action.REPEAT: self._repeat,
            Action.CANCEL_NOW: self._cancel_now,
        }

    def start_client(
        self, key: ClientKey, machine: Machine, request: Request, to: Endpoint, now_ms: int
    ) -> Transaction:
        """Send a request and start its transaction. Raises UnsafeTextError before anything changes."""
        created = Transaction(key, machine, request, to)
        created.last, known = request.to_bytes(), dict(request.headers)
        created.names = known["Call-ID"], known["From"], known["CSeq"]
        self.clients[key] = created
        self.out.append(SendTo(created.last, to))
        self._change_timers(created, None, now_ms)
        return created

    def start_server(
        self,
        key: ServerKey,
        machine: Machine,
        request: Request,
        *,
        source: Endpoint,
        to: Endpoint,
        to_tag: str,
        merge: MergeId | None,
    ) -> None:
        """Register a new request and report it; responses go to `to`."""
        created = Transaction(key, machine, request, to)
        created.to_tag = to_tag
        created.merge = merge
        if merge is not None:
            self.merges[merge] = created
        self.servers[key] = created
        self.out.append(NewRequest(key, request, source, to_tag))

    def move(self, transaction: Transaction, event: Trigger, received: Received | None, now_ms: int) -> bool:
        """Take the table's move; False and no change when the table has none."""
        found = transaction.machine.moves[transaction.state].get(event)
        if found is None:
            return False
        state, actions = found
        before = transaction.state
        transaction.state = state
        if (
            state is not before and state is not TransactionState.TERMINATED
        ):  # before the actions, which may set more
            self._change_timers(transaction, before, now_ms)
        for action in actions:
            if (plain := self._plain.get(action)) is not None:
                plain(transaction)
            elif (timed := self._timed.get(action)) is not None:
                timed(transaction, event, now_ms)
            elif received is not None:
                self._with_message[action](transaction, *received)
        if state is TransactionState.TERMINATED:
            self._end(transaction, before)
        return True

    def send_cancel(self, invite: Transaction, now_ms: int) -> None:
        """Send the CANCEL of an INVITE whose headers wait in `cancelling` (RFC 3261 §9.1)."""
        copied = [(name, invite.request.get(name)) for name in ("Via", "From", "To", "Call-ID")]
        routes = [("Route", value) for value in invite.request.get_all("Route")]
        cseq = f"{invite.request.cseq.number} CANCEL"
        headers = make_headers(
            *copied, ("CSeq", cseq), ("Max-Forwards", "70"), *routes, more=invite.cancelling or ()
        )
        request = Request(method="CANCEL", uri=invite.request.uri, headers=headers)
        key = ClientKey(invite.request.via.branch, "CANCEL")
        self.start_client(key, CLIENT_OTHER, request, invite.destination, now_ms).quiet = True
        self.timers.set((invite, Trigger.TIMER_C), now_ms + 64 * self._timing.t1_ms)

    def _change_timers(self, transaction: Transaction, before: TransactionState | None, now_ms: int) -> None:
        """Stop what runs in the state before only, start what runs in the new one only; None: it begins."""
        timers = transaction.machine.timers
        wanted, had = timers[transaction.state], timers[before] if before is not None else ()
        reliable = transaction.destination.transport != "UDP"
        ended, begun = list[Timer](), list[tuple[Timer, int]]()
        for timer in (*had, Trigger.TIMER_C):
            if timer not in wanted:
                ended.append((transaction, timer))
        for timer in wanted:
            interval_ms = None if timer in had else self._intervals[timer, reliable]
            if interval_ms is not None:
                begun.append(((transaction, timer), now_ms + interval_ms))
                if timer in REPEATING:
                    transaction.interval_ms = interval_ms
        self.timers.change(ended, begun)

    def _end(self, transaction: Transaction, before: TransactionState) -> None:
        ended = (*transaction.machine.timers[before], Trigger.TIMER_C)
        self.timers.change([(transaction, timer) for timer in ended], ())
        if isinstance(transaction.key, ClientKey):
            del self.clients[transaction.key]
            return
        del self.servers[transaction.key]
        if transaction.uas_id is not None:
            self.answered.pop(transaction.uas_id, None)
        if transaction.merge is not None:
            self.merges.pop(transaction.merge, None)

    def _repeat(self, transaction: Transaction, timer: Trigger, now_ms: int) -> None:
        interval_ms = next_interval(timer, transaction.state, transaction.interval_ms, self._timing)
        transaction.interval_ms = interval_ms
        self.timers.set((transaction, timer), now_ms + interval_ms)

    def _cancel_now(self, transaction: Transaction, event: Trigger, now_ms: int) -> None:  # noqa: ARG002
        if transaction.cancelling is not None:
            self.send_cancel(transaction, now_ms)

    def _send(self, transaction: Transaction) -> None:
        if transaction.last:
            self.out.append(SendTo(transaction.last, transaction.destination))

    def _deliver(self, transaction: Transaction, message: Message, source: Endpoint) -> None:
        key = transaction.key
        if isinstance(message, Response) and isinstance(key, ClientKey) and not transaction.quiet:
            self.out.append(ResponseReceived(key, message, source))

    def _send_ack(self, transaction: Transaction, message: Message, _source: Endpoint) -> None:
        request, to = transaction.request, message.get("To")
        routes = [("Route", value) for value in request.get_all("Route")]
        copied = [(name, request.get(name)) for name in ("Via", "From", "Call-ID")]
        cseq = f"{request.cseq.number} ACK"
        headers = make_headers(*copied, ("To", to), ("CSeq", cseq), ("Max-Forwards", "70"), *routes)
        ack = Request(method="ACK", uri=request.uri, headers=headers)
        self.out.append(SendTo(ack.to_bytes(), transaction.destination))

    def _reack(self, transaction: Transaction, message: Message, source: Endpoint) -> None:
        tag = message.to.tag
        if tag not in transaction.acks:
            transaction.acks[tag] = None
            transaction.request, transaction.last = DONE, b""
            self._deliver(transaction, message, source)
        elif (ack := transaction.acks[tag]) is not None:
            self.out.append(ack)

    def _acked(self, transaction: Transaction, message: Message, _source: Endpoint) -> None:
        self.timers.cancel((transaction, Trigger.TIMER_X))
        transaction.last = b""
        key = transaction.key
        if isinstance(message, Request) and isinstance(key, ServerKey) and not transaction.ack_seen:
            transaction.ack_seen = True
            self.out.append(AckReceived(key, message))

    def _timed_out(self, transaction: Transaction, status: int = 408) -> None:
        if not transaction.quiet and isinstance(transaction.key, ClientKey):
            self.out.append(TimedOut(transaction.key, transaction.request, status))

    def _ack_missing(self, transaction: Transaction) -> None:
        if not transaction.ack_seen and isinstance(transaction.key, ServerKey):
            self.out.append(AckMissing(transaction.key))

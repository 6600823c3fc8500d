"""The transaction layer: client and server transactions over one heap of timers (RFC 3261 §17, RFC 6026)."""

from collections.abc import Callable, Iterable

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import BadMessage, IllegalMoveError, UnknownTransactionError
from channels.sip.protocol.live_transactions import DONE, Running, Transaction
from channels.sip.protocol.message import MAX_MESSAGE_BYTES, BadRequest, Header, Request, Response
from channels.sip.protocol.outputs import (
    AckReceived,
    Cancelled,
    ClientKey,
    Output,
    Refusal,
    SendTo,
    ServerKey,
)
from channels.sip.protocol.replies import refusal, reply_endpoint, response_to, stamp_via, stateless_tag
from channels.sip.protocol.state_machines import (
    CLIENT_INVITE,
    CLIENT_OTHER,
    SERVER_INVITE,
    SERVER_OTHER,
    Timing,
    TransactionState,
    Trigger,
)

COOKIE = "z9hG4bK"
KINDS = (Trigger.PROVISIONAL, Trigger.PROVISIONAL, Trigger.SUCCESS, *(Trigger.FAILURE,) * 4)
"""What a response is, by the first digit of its status."""

MAX_SERVER_TRANSACTIONS = 50_000
"""Each stays for 32 s, and a flood must end in refusals, not in memory."""


Screen = Callable[[Request, Endpoint], Refusal | None]
"""Whether a request that is not known yet is refused without a transaction; None: it is taken."""

MayAnswer = Callable[[str, int, int], bool]
"""Whether such an answer may go: to this host, with this status, and so many bytes longer than what came."""


StandsIn = Callable[[ClientKey | ServerKey, Endpoint, Endpoint], bool]
"""Whether the answer to a request of ours, which was sent to one address, may come from another one."""


class TransactionLayer:
    """All transactions of one SIP element. Pure: time is an argument, ids come from `make_id`.

    Outputs collect in order; `receive` and `expire` return what has collected, `take` does after calls
    that send. `sent_by` is our own host:port as others reach it, for the Via of our requests.
    """

    def __init__(
        self,
        sent_by: str,
        make_id: Callable[[], str],
        timing: Timing = Timing(),  # noqa: B008  (frozen)
        max_server_transactions: int = MAX_SERVER_TRANSACTIONS,
    ) -> None:
        self.sent_by = sent_by
        self.strays = 0
        """Responses that are to none of our requests, or had Vias besides ours (§8.1.3.3), dropped."""
        self.screen: Screen = lambda request, source: None  # noqa: ARG005
        self.may_answer: MayAnswer = lambda host, status, longer_by: True  # noqa: ARG005
        self.stands_in: StandsIn = lambda key, sent_to, source: False  # noqa: ARG005
        self._size = 0
        """Bytes of the message that is being received."""
        self._make_id = make_id
        self._most = max_server_transactions
        self._running = Running(timing)
        self.out = self._running.out
        """What has collected; see `take`."""

    def take(self) -> list[Output]:
        """Everything to send and to report that has collected, in order."""
        taken = self.out[:]
        self.out.clear()
        return taken

    def next_deadline(self) -> int | None:
        """When to call `expire` next (ms), or None."""
        return self._running.timers.next()

    def expire(self, now_ms: int) -> list[Output]:
        """Fire all timers that are due."""
        while (due := self._running.timers.pop_due(now_ms)) is not None:
            transaction, timer = due
            self._running.move(transaction, timer, None, now_ms)
        return self.take()

    def unreachable(self, destination: Endpoint, now_ms: int) -> None:
        """Nothing can be sent there: requests of ours that nobody has answered yet fail at once.

        A BYE or CANCEL is repeated on: nobody waits for its outcome, and the way may be back in a moment.
        Responses and ACKs count as lost; whoever misses them repeats what they were for.
        """
        there = [one for one in self._running.clients.values() if one.destination == destination]
        for transaction in there:
            if transaction.key.method not in ("BYE", "CANCEL"):
                self._running.move(transaction, Trigger.NOT_SENT, None, now_ms)

    def state_of(self, key: ClientKey | ServerKey) -> TransactionState | None:
        """The state of a transaction, None once it is gone."""
        found = (
            self._running.clients.get(key) if isinstance(key, ClientKey) else self._running.servers.get(key)
        )
        return found.state if found else None

    def __len__(self) -> int:
        return len(self._running.clients) + len(self._running.servers)

    # From the network

    def receive(
        self, message: Request | Response, source: Endpoint, now_ms: int, size: int = MAX_MESSAGE_BYTES
    ) -> list[Output]:
        """A message from the network, of `size` bytes. Malformed ones are answered 400 where possible."""
        self._size = size
        try:
            if isinstance(message, Response):
                self._receive_response(message, source, now_ms)
            else:
                self._receive_request(stamp_via(message, source).checked(), source, now_ms)
        except BadMessage as error:
            if isinstance(message, Request):
                self.reject(BadRequest(error.status, error.reason, message), source, size)
        taken = self.out[:]
        self.out.clear()
        return taken

    def receive_again(self, request: Request, source: Endpoint) -> list[Output]:
        """A request that an earlier process had taken: it is not screened. Raises BadMessage."""
        known = stamp_via(request, source).checked()
        self._take_in(_server_key(known), known, source)
        return self.take()

    def reject(self, error: BadMessage, source: Endpoint, size: int = MAX_MESSAGE_BYTES) -> None:
        """Answer a message of `size` bytes that could not be parsed, when enough of it could be read."""
        self._size = size
        answer = refusal(error, source)
        if answer is not None:
            self._send_stateless(error.status, *answer)

    def _send_stateless(self, status: int, data: bytes, to: Endpoint) -> None:
        """Nothing is kept, so nothing is repeated; a repeated request gets another (RFC 3261 §8.2.7)."""
        if self.may_answer(to.host, status, len(data) - self._size):
            self._running.out.append(SendTo(data, to))

    def _receive_response(self, response: Response, source: Endpoint, now_ms: int) -> None:
        response.checked()
        found = self._running.clients.get(ClientKey(response.via.branch, response.cseq.method))
        vias = response.index["Via"]
        if found is None or len(vias) != 1 or "," in vias[0] or not self._answers(found, response, source):
            self.strays += 1
            return
        self._running.move(found, KINDS[response.status // 100], (response, source), now_ms)

    def _answers(self, found: Transaction, response: Response, source: Endpoint) -> bool:
        """Whether it is to this request, by whom it was sent to: a branch alone may be known to anybody."""
        call_id, from_, cseq = found.names
        number, method = response.cseq
        same = call_id == response.call_id and cseq == f"{number} {method}"
        if not (same and from_.endswith(f";tag={response.from_.tag}")):
            return False
        sent_to = found.destination
        return source.host == sent_to.host or self.stands_in(found.key, sent_to, source)

    def _receive_request(self, request: Request, source: Endpoint, now_ms: int) -> None:
        key = _server_key(request)
        if request.method == "ACK":
            self._receive_ack(key, request, now_ms)
        elif request.method == "CANCEL":
            self._receive_cancel(key, request, source)
        elif (found := self._running.servers.get(key)) is not None:
            self._running.move(found, Trigger.REQUEST, None, now_ms)
        elif (refused := self.screen(request, source)) is not None:
            self._refuse(request, refused, source)
        else:
            self._take_in(key, request, source)

    def _receive_ack(self, key: ServerKey, request: Request, now_ms: int) -> None:
        uas_id = (request.call_id, request.from_.tag, request.to.tag, request.cseq.number)
        found = self._running.answered.get(uas_id) or self._running.servers.get(key)
        if found is None:
            self._running.out.append(AckReceived(None, request))
        else:
            self._running.move(found, Trigger.ACK, (request, found.destination), now_ms)

    def _receive_cancel(self, key: ServerKey, request: Request, source: Endpoint) -> None:
        cancelled = ServerKey(key.branch, key.sent_by, "INVITE")
        invite = self._running.servers.get(cancelled)
        if invite is None or (invite.request is not DONE and _identity(invite.request) != _identity(request)):
            self._refuse(request, Refusal(481), source)
            return
        answer = response_to(request, 200, to_tag=invite.to_tag)
        self._running.out.append(SendTo(answer.to_bytes(), reply_endpoint(request.via, source)))
        if invite.state is TransactionState.PROCEEDING and invite.cancelling is None:
            invite.cancelling = ()
            self._running.out.append(Cancelled(cancelled, request))

    def _take_in(self, key: ServerKey, request: Request, source: Endpoint) -> None:
        new_call = not request.to.tag
        if len(self._running.servers) >= self._most * (1 if new_call else 2):
            self._refuse(request, Refusal(503, (("Retry-After", "5"),)), source)
            return
        tag, merge = request.from_.tag, None
        if new_call and tag:  # old elements send none
            merge = request.call_id, tag, request.cseq.number, request.method
        if merge is not None and merge in self._running.merges:
            self._refuse(request, Refusal(482), source)
            return
        machine = SERVER_INVITE if request.method == "INVITE" else SERVER_OTHER
        to_tag = self._make_id() if new_call else ""
        to = reply_endpoint(request.via, source)
        self._running.start_server(key, machine, request, source=source, to=to, to_tag=to_tag, merge=merge)

    def _refuse(self, request: Request, refused: Refusal, source: Endpoint) -> None:
        status, reason = refused.status, refused.reason
        tag = stateless_tag(status)
        answer = response_to(request, status, reason, to_tag=tag, headers=refused.headers)
        self._send_stateless(status, answer.to_bytes(), reply_endpoint(request.via, source))

    # From the user

    def send_request(
        self, request: Request, destination: Endpoint, now_ms: int, branch: str | None = None
    ) -> ClientKey:
        """Start a client transaction (any method but ACK and CANCEL); the Via is added here.

        With an explicit `branch` that is already known nothing is sent again: the same effect
        carried out twice stays one request.
        """
        if request.method in ("ACK", "CANCEL"):
            raise IllegalMoveError(f"{request.method} is not sent by send_request")
        text = branch or COOKIE + self._make_id()
        key = ClientKey(text if text.startswith(COOKIE) else COOKIE + text, request.method)
        if key not in self._running.clients:
            machine = CLIENT_INVITE if request.method == "INVITE" else CLIENT_OTHER
            complete = self._with_via(request, destination, key.branch)
            self._running.start_client(key, machine, complete, destination, now_ms)
        return key

    def _with_via(self, request: Request, destination: Endpoint, branch: str) -> Request:
        via = f"SIP/2.0/{destination.transport} {self.sent_by};branch={branch};rport"
        return request.with_first("Via", via)

    def cancel(self, key: ClientKey, now_ms: int, headers: Iterable[Header] = ()) -> bool:
        """Cancel an INVITE of ours; waits for the first 1xx where it must (RFC 3261 §9.1).

        False when it is too late: a final response came (or never will). Otherwise the INVITE ends
        with a response (487 as a rule) or with TimedOut.
        """
        invite = self._running.clients.get(key)
        if invite is None or invite.state not in (TransactionState.CALLING, TransactionState.PROCEEDING):
            return False
        if invite.cancelling is None:
            invite.cancelling = tuple(headers)
            if invite.state is TransactionState.PROCEEDING:
                self._running.send_cancel(invite, now_ms)
        return True

    def send_ack(self, key: ClientKey, ack: Request, destination: Endpoint) -> None:
        """Acknowledge a 2xx to INVITE; repeats of that 2xx are then acknowledged by the layer."""
        data = self._with_via(ack, destination, COOKIE + self._make_id()).to_bytes()
        packet = SendTo(data, destination)
        invite = self._running.clients.get(key)
        if invite is not None:
            invite.acks[ack.to.tag] = packet
        self._running.out.append(packet)

    def respond(self, key: ServerKey, response: Response, now_ms: int) -> None:
        """Send a response. Raises UnknownTransactionError, IllegalMoveError (a final one was sent before)."""
        found, event = self._answerable(key, response.status)
        found.last = response.to_bytes()
        if event is Trigger.SUCCESS and key.method == "INVITE":
            request = found.request
            found.uas_id = (request.call_id, request.from_.tag, response.to.tag, request.cseq.number)
            self._running.answered[found.uas_id] = found
        if event is not Trigger.PROVISIONAL:
            found.request = DONE
        self._running.move(found, event, None, now_ms)

    def _answerable(self, key: ServerKey, status: int) -> tuple[Transaction, Trigger]:
        found, event = self._running.servers.get(key), KINDS[status // 100]
        if found is None:
            raise UnknownTransactionError(key)
        if event not in found.machine.moves[found.state]:
            raise IllegalMoveError(f"{status} in state {found.state}")
        return found, event

    def reply(
        self,
        key: ServerKey,
        status: int,
        now_ms: int,
        *,
        reason: str | None = None,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> Response:
        """Build and send the response to a request, with the To tag of its NewRequest; return it."""
        found, _ = self._answerable(key, status)
        response = response_to(found.request, status, reason, to_tag=found.to_tag, headers=headers, body=body)
        self.respond(key, response, now_ms)
        return response


def _identity(request: Request) -> tuple[str, str, int]:
    """What a CANCEL has in common with its INVITE beside the branch (RFC 3261 §9.1)."""
    return request.call_id, request.from_.tag, request.cseq.number


def _server_key(request: Request) -> ServerKey:
    """RFC 3261 §17.2.3; without the magic cookie what RFC 2543 elements keep equal takes its place."""
    via = request.via
    method = "INVITE" if request.method == "ACK" else request.method
    sent_by = f"{via.host}:{via.port or 5060}"
    if via.branch.startswith(COOKIE):
        return ServerKey(via.branch, sent_by, method)
    parts = (via.branch, request.call_id, request.from_.tag, str(request.cseq.number))
    return ServerKey(" ".join(parts), sent_by, method)

"""Our caller and our callee over a network that drops, repeats and reorders: calls still come out right."""

import heapq
from collections.abc import Callable, Iterator
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.media.negotiation import AudioSession
from channels.media.sdp import CONTENT_TYPE
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, DialogState, uac_dialog, uas_dialog
from channels.sip.protocol.message import Request, parse
from channels.sip.protocol.outputs import (
    AckReceived,
    Cancelled,
    ClientKey,
    NewRequest,
    Output,
    ResponseReceived,
    SendTo,
    ServerKey,
    TimedOut,
)
from channels.sip.protocol.transactions import TransactionLayer

ANNA = Endpoint("192.0.2.7", 5060)
BERT = Endpoint("192.0.2.9", 5060)
LAST_MS = 300_000


class Network:
    """Carries packets by a list of fates: the delays (ms) of each copy; no copies is a loss."""

    def __init__(self, fates: list[list[int]]) -> None:
        self._fates = iter(fates)
        self._queue: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = count()

    def at(self, when_ms: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._queue, (when_ms, next(self._numbers), action))

    def carry(self, data: bytes, to: "Phone", source: Endpoint, now_ms: int) -> None:
        for delay_ms in next(self._fates, [10]):
            self.at(now_ms + delay_ms, lambda now: to.handle(to.layer.receive(parse(data), source, now), now))

    def run(self, phones: list["Phone"]) -> int:
        now_ms = 0
        while True:
            deadlines = [at for phone in phones if (at := phone.layer.next_deadline()) is not None]
            next_timer = min(deadlines, default=LAST_MS)
            if self._queue and self._queue[0][0] <= next_timer:
                now_ms, _, action = heapq.heappop(self._queue)
                action(now_ms)
            elif next_timer < LAST_MS:
                now_ms = max(now_ms, next_timer)
                for phone in phones:
                    phone.handle(phone.layer.expire(now_ms), now_ms)
            else:
                return now_ms


class Phone:
    """Both roles, as plainly as can be; `log` is what its user would have noticed."""

    def __init__(self, name: str, here: Endpoint, network: Network) -> None:
        numbers = count()
        self.here = here
        self.network = network
        self.peer: Phone | None = None
        self.layer = TransactionLayer(f"{here.host}:{here.port}", lambda: f"{name}{next(numbers)}")
        self.contact = f"<sip:{name}@{here.host}:{here.port}>"
        self.audio = AudioSession(1, here.host, 40000)
        self.dialogs: dict[str, Dialog] = {}
        self.log: list[str] = []
        self.invite: tuple[ClientKey, Request] | None = None
        self.ringing: ServerKey | None = None
        self.answer_after_ms: int | None = 100
        self.hang_up_after_ms: int | None = 1000

    def handle(self, outputs: list[Output], now_ms: int) -> None:
        for output in outputs:
            if isinstance(output, SendTo):
                assert self.peer is not None
                self.network.carry(output.data, self.peer, self.here, now_ms)
            else:
                self._react(output, now_ms)

    def _flush(self, now_ms: int) -> None:
        self.handle(self.layer.take(), now_ms)

    def _react(self, output: Output, now_ms: int) -> None:
        if isinstance(output, NewRequest):
            self._request(output, now_ms)
        elif isinstance(output, ResponseReceived):
            self._response(output, now_ms)
        elif isinstance(output, Cancelled):
            self.log.append("cancelled")
            self.layer.reply(output.key, 487, now_ms)
            self._flush(now_ms)
            self.ringing = None
        elif not (
            isinstance(output, AckReceived) and output.key is None
        ):  # an ACK later than its transaction
            self.log.append({AckReceived: "ack", TimedOut: "timeout"}.get(type(output), "ack missing"))

    def _request(self, new: NewRequest, now_ms: int) -> None:
        self.log.append(new.request.method)
        if new.request.method == "INVITE":
            self.ringing = new.key
            self.layer.reply(new.key, 180, now_ms, headers=[("Contact", self.contact)])
            if self.answer_after_ms is not None:
                self.network.at(now_ms + self.answer_after_ms, lambda now: self._pick_up(new, now))
        else:
            dialog = self.dialogs[new.request.to.tag]
            refused = dialog.receive(new.request)
            self.layer.reply(new.key, refused.status if refused else 200, now_ms)
        self._flush(now_ms)

    def _pick_up(self, new: NewRequest, now_ms: int) -> None:
        if self.ringing is None:
            return
        dialog = self.dialogs[new.to_tag] = uas_dialog(new.request, new.to_tag, self.contact)
        headers = [("Contact", self.contact), ("Content-Type", CONTENT_TYPE)]
        self.layer.reply(new.key, 200, now_ms, headers=headers, body=self.audio.answer(new.request.body))
        dialog.responded(new.request, 200)
        self._flush(now_ms)

    def call(self, now_ms: int) -> None:
        invite = Request(
            method="INVITE",
            uri="sip:bert@192.0.2.9",
            headers=(
                ("From", "<sip:anna@192.0.2.7>;tag=a"),
                ("To", "<sip:bert@192.0.2.9>"),
                ("Call-ID", "call-1"),
                ("CSeq", "1 INVITE"),
                ("Contact", self.contact),
                ("Content-Type", CONTENT_TYPE),
            ),
            body=self.audio.offer(),
        )
        self.invite = (self.layer.send_request(invite, BERT, now_ms), invite)
        self._flush(now_ms)

    def give_up(self, now_ms: int) -> None:
        assert self.invite is not None
        self.layer.cancel(self.invite[0], now_ms)
        self._flush(now_ms)

    def _response(self, received: ResponseReceived, now_ms: int) -> None:
        response = received.response
        if response.status < 200:
            return
        self.log.append(f"{response.status} {response.cseq.method}")
        if response.cseq.method == "INVITE" and response.status < 300:
            assert self.invite is not None
            dialog = uac_dialog(self.invite[1], response)
            self.dialogs[response.to.tag] = dialog
            self.audio.accept(response.body)
            self.layer.send_ack(received.key, dialog.ack(), dialog.destination())
            self._flush(now_ms)
            if self.hang_up_after_ms is not None:
                self.network.at(now_ms + self.hang_up_after_ms, lambda now: self._hang_up(dialog, now))

    def _hang_up(self, dialog: Dialog, now_ms: int) -> None:
        self.layer.send_request(dialog.request("BYE"), dialog.destination(), now_ms)
        dialog.state = DialogState.TERMINATED
        self._flush(now_ms)


def pair(fates: list[list[int]]) -> tuple[Network, Phone, Phone]:
    network = Network(fates)
    anna, bert = Phone("anna", ANNA, network), Phone("bert", BERT, network)
    anna.peer, bert.peer = bert, anna
    return network, anna, bert


def states(*phones: Phone) -> Iterator[DialogState]:
    return (dialog.state for phone in phones for dialog in phone.dialogs.values())


def at_most_five_losses(fates: list[list[int]]) -> list[list[int]]:
    """INVITE is sent 7 times, so that many losses never defeat it."""
    losses = 0
    kept = []
    for fate in fates:
        losses += not fate
        kept.append(fate if fate or losses <= 5 else [10])
    return kept


FATES = st.lists(st.lists(st.integers(0, 3000), max_size=3), max_size=30).map(at_most_five_losses)


def test_quiet_network() -> None:
    """On a good network a call takes eight packets and each side sees it once."""
    network, anna, bert = pair([])
    network.at(0, anna.call)
    network.run([anna, bert])
    assert anna.log == ["200 INVITE", "200 BYE"]
    assert bert.log == ["INVITE", "ack", "BYE"]
    assert anna.audio.codec is bert.audio.codec is not None
    assert not anna.audio.held_by_peer
    assert not bert.audio.held_by_peer


@settings(max_examples=300, deadline=None)
@given(FATES)
def test_call_survives_a_bad_network(fates: list[list[int]]) -> None:
    """One call is one INVITE, one answer, one ACK, one BYE to the users, and nothing stays behind."""
    network, anna, bert = pair(fates)
    network.at(0, anna.call)
    network.run([anna, bert])
    assert anna.log == ["200 INVITE", "200 BYE"]
    assert sorted(bert.log) == ["BYE", "INVITE", "ack"]
    assert set(states(anna, bert)) == {DialogState.TERMINATED}
    assert len(anna.layer) == len(bert.layer) == 0


@settings(max_examples=300, deadline=None)
@given(FATES, st.integers(0, 8000), st.integers(0, 4000))
@example(
    fates=[[0], [0], [0], [], [0, 0, 2501], [], [0], [], [], [2500]], cancel_ms=0, answer_ms=1
)  # the ACK of the 487 comes once more when its transaction is over
def test_cancel_and_answer_may_cross(fates: list[list[int]], cancel_ms: int, answer_ms: int) -> None:
    """However CANCEL and answer cross, both ends agree on which of them won."""
    network, anna, bert = pair(fates)
    bert.answer_after_ms = answer_ms
    network.at(0, anna.call)
    network.at(cancel_ms, anna.give_up)
    network.run([anna, bert])
    if "cancelled" in bert.log:
        assert anna.log == ["487 INVITE"]
        assert bert.log == ["INVITE", "cancelled"]
    else:
        assert anna.log == ["200 INVITE", "200 BYE"]
        assert sorted(bert.log) == ["BYE", "INVITE", "ack"]
    assert set(states(anna, bert)) <= {DialogState.TERMINATED}
    assert len(anna.layer) == len(bert.layer) == 0


def test_dead_network() -> None:
    """With every packet lost the caller is told after 32 s, once."""
    network, anna, bert = pair([[]] * 1000)
    network.at(0, anna.call)
    assert network.run([anna, bert]) == 32_000
    assert (anna.log, bert.log) == (["timeout"], [])


def test_lost_acks_end_in_ack_missing() -> None:
    """When no ACK ever arrives, the callee is told after 32 s."""
    network, anna, bert = pair([[10], [10], [10], *[[]] * 1000])
    anna.hang_up_after_ms = None
    network.at(0, anna.call)
    network.run([anna, bert])
    assert bert.log == ["INVITE", "ack missing"]

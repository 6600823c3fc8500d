"""Dialogs: the relationship with a peer, both roles, as a record that survives a restart (RFC 3261 §12)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from channels.sip.protocol.address import Endpoint, NameAddr, Uri, endpoint_of, parse_name_addr, parse_uri
from channels.sip.protocol.errors import BadMessage, IllegalMoveError
from channels.sip.protocol.message import Header, Request, Response, make_headers
from channels.sip.protocol.outputs import Refusal

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


class DialogState(StrEnum):
    """Where a dialog stands."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class DialogEvent(StrEnum):
    """What happens to a dialog, whoever caused it."""

    PROVISIONAL = "1xx with a To tag"
    SUCCESS = "2xx to INVITE"
    FAILURE = "final failure of the INVITE that created it"
    BYE = "BYE sent or received"
    GONE = "481 or 408 to a request in it, or no answer at all"


_EARLY, _CONFIRMED, _TERMINATED = DialogState
_ENDED = {DialogEvent.FAILURE: _TERMINATED, DialogEvent.BYE: _TERMINATED, DialogEvent.GONE: _TERMINATED}

MOVES: Mapping[DialogState, Mapping[DialogEvent, DialogState]] = {
    _EARLY: {DialogEvent.PROVISIONAL: _EARLY, DialogEvent.SUCCESS: _CONFIRMED, **_ENDED},
    _CONFIRMED: {
        DialogEvent.PROVISIONAL: _CONFIRMED,
        DialogEvent.SUCCESS: _CONFIRMED,
        DialogEvent.BYE: _TERMINATED,
        DialogEvent.GONE: _TERMINATED,
    },
    _TERMINATED: {DialogEvent.BYE: _TERMINATED, DialogEvent.GONE: _TERMINATED},
}


class Dialog(Struct):
    """One dialog. `local` and `remote` are From/To values without tags; routes and targets are text."""

    call_id: str
    local_tag: str
    remote_tag: str
    local: str
    remote: str
    contact: str
    """Our Contact value, put into requests that refresh the target."""
    remote_target: str
    """URI of the peer's last Contact."""
    route_set: tuple[str, ...] = ()
    state: DialogState = DialogState.EARLY
    local_cseq: int = 0
    remote_cseq: int | None = None
    invite_cseq: int = 0
    """CSeq of our INVITE that was answered 2xx last: what ACK carries."""
    inviting: int | None = None
    """CSeq of our INVITE in this dialog that has no final response yet."""
    invited: int | None = None
    """CSeq of the peer's INVITE that we have not finally answered yet."""
    is_uac: bool = False
    peer: Endpoint | None = None
    """Where its last Contact came from, if requests go there instead (NAT)."""

    @property
    def id(self) -> DialogId:
        """What requests in this dialog are matched by."""
        return self.call_id, self.local_tag, self.remote_tag

    def happened(self, event: DialogEvent) -> None:
        """Move through the table. Raises IllegalMoveError and changes nothing for a move it lacks."""
        state = MOVES[self.state].get(event)
        if state is None:
            raise IllegalMoveError(f"{event} in state {self.state}")
        self.state = state

    # Requests of ours

    def request(
        self, method: str, headers: Iterable[Header] = (), body: bytes = b"", content_type: str | None = None
    ) -> Request:
        """The next request of ours (BYE, INVITE, OPTIONS, INFO …), without Via. Takes a CSeq number.

        Raises IllegalMoveError after the end, for an INVITE while one is open either way (§14.1),
        and for ACK and CANCEL, which take no number of their own.
        """
        busy = method == "INVITE" and (self.inviting is not None or self.invited is not None)
        if self.state is DialogState.TERMINATED or busy or method in ("ACK", "CANCEL"):
            raise IllegalMoveError(f"{method} in state {self.state}")
        self.local_cseq += 1
        if method == "INVITE":
            self.inviting = self.local_cseq
        return self._build(method, self.local_cseq, headers, body, content_type)

    def ack(
        self, body: bytes = b"", content_type: str | None = None, headers: Iterable[Header] = ()
    ) -> Request:
        """The ACK of the last 2xx to an INVITE of ours (§13.2.2.4)."""
        return self._build("ACK", self.invite_cseq, headers, body, content_type)

    def _build(
        self, method: str, cseq: int, headers: Iterable[Header], body: bytes, content_type: str | None
    ) -> Request:
        uri, routes = self._routing()
        refreshes = method in ("INVITE", "UPDATE")
        built = make_headers(
            ("Max-Forwards", "70"),
            ("From", f"{self.local};tag={self.local_tag}"),
            ("To", f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", self.contact if refreshes else None),
            *(("Route", route) for route in routes),
            ("Content-Type", content_type),
            more=headers,
        )
        return Request(method=method, uri=uri, headers=built, body=body)

    def _routing(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route values; a first hop without `lr` is a strict router (§12.2.1.1)."""
        if not self.route_set:
            return self.remote_target, ()
        first = parse_name_addr(self.route_set[0]).uri
        if "lr" in first.params:
            return self.remote_target, self.route_set
        return first.text, (*self.route_set[1:], f"<{self.remote_target}>")

    def destination(self) -> Endpoint:
        """Where requests of ours go: the peer's known address, the first route, or the remote target."""
        if self.peer is not None:
            return self.peer
        uri = parse_name_addr(self.route_set[0]).uri if self.route_set else parse_uri(self.remote_target)
        return endpoint_of(uri)

    def response_received(self, response: Response) -> None:
        """Learn from a response to a request of ours in this dialog, or to the INVITE that created it."""
        number, method = response.cseq
        if response.status in (408, 481) and self.state is DialogState.CONFIRMED:
            self.happened(DialogEvent.GONE)
        if method != "INVITE":
            return
        if response.status >= 200 and number == self.inviting:
            self.inviting = None
        if 100 < response.status < 300:
            self._learn(response)

    def _learn(self, response: Response) -> None:
        if self.is_uac and self.state is DialogState.EARLY:
            self.route_set = tuple(reversed(response.record_routes))
        self._move(response.contacts)
        if response.status >= 200:
            self.invite_cseq = response.cseq.number
        if self.state is not DialogState.TERMINATED:
            self.happened(DialogEvent.SUCCESS if response.status >= 200 else DialogEvent.PROVISIONAL)

    def _move(self, contacts: list[NameAddr]) -> None:
        """The peer's target is another one (§12.2.1.2, §12.2.2); what cannot be one changes nothing."""
        if contacts and contacts[0].uri.scheme in ("sip", "sips"):
            self.remote_target = contacts[0].uri.text

    # Requests of the peer

    def receive(self, request: Request) -> Refusal | None:
        """Check and take a request of the peer; None is: carry it out. ACK and CANCEL never come here.

        481 after the end, 500 for an old CSeq or a second open INVITE (§12.2.2, §14.2), 491 when our
        own INVITE is open. A BYE ends the dialog.
        """
        if self.state is DialogState.TERMINATED:
            return Refusal(481)
        number = request.cseq.number
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return Refusal(500)
        self.remote_cseq = number
        if request.method == "INVITE":
            if self.inviting is not None:
                return Refusal(491)
            if self.invited is not None:
                return Refusal(500, (("Retry-After", "2"),))
            self.invited = number
        if request.method == "INVITE":
            self._move(request.contacts)
        if request.method == "BYE":
            self.happened(DialogEvent.BYE)
        return None

    def responded(self, request: Request, status: int) -> None:
        """We answered a request of the peer: closes its INVITE; a 2xx confirms a dialog."""
        if request.method != "INVITE" or status < 200:
            return
        if self.invited == request.cseq.number:
            self.invited = None
        if status < 300:
            self.happened(DialogEvent.SUCCESS)
        elif self.state is DialogState.EARLY:
            self.happened(DialogEvent.FAILURE)


def uas_dialog(request: Request, local_tag: str, contact: str) -> Dialog:
    """The early dialog that our response with `local_tag` to this INVITE creates (§12.1.1).

    Raises BadMessage(400) when the request has no Contact.
    """
    return Dialog(
        call_id=request.call_id,
        local_tag=local_tag,
        remote_tag=request.from_.tag,
        local=_plain(request.to),
        remote=_plain(request.from_),
        contact=contact,
        remote_target=_target(request.contacts).text,
        route_set=tuple(request.record_routes),
        remote_cseq=request.cseq.number,
        invited=request.cseq.number,
    )


def uac_dialog(request: Request, response: Response, *, anyway: bool = False) -> Dialog:
    """The dialog that a response with a To tag to our INVITE creates (§12.1.2); early until 2xx.

    Raises BadMessage(400) for a 2xx without a Contact of use; a provisional response may lack it. `anyway`:
    the Request-URI stands for it, so that the 2xx can be acknowledged and ended.
    """
    found = response.contacts or ([] if response.status >= 200 else [NameAddr("", request.target)])
    if anyway:
        found = [NameAddr("", request.target)]
    dialog = Dialog(
        call_id=response.call_id,
        local_tag=request.from_.tag,
        remote_tag=response.to.tag,
        local=_plain(request.from_),
        remote=_plain(response.to),
        contact=request.get("Contact") or "",
        remote_target=_target(found).text,
        route_set=tuple(reversed(response.record_routes)),
        local_cseq=request.cseq.number,
        invite_cseq=request.cseq.number,
        inviting=request.cseq.number,
        is_uac=True,
    )
    dialog.response_received(response)
    return dialog


def _plain(address: NameAddr) -> str:
    display = (
        '"' + address.display.replace("\\", "\\\\").replace('"', '\\"') + '" ' if address.display else ""
    )
    return f"{display}<{address.uri.text}>"


def _target(contacts: list[NameAddr]) -> Uri:
    if not contacts or contacts[0].uri.scheme not in ("sip", "sips"):
        raise BadMessage(400, "Missing Contact")
    return contacts[0].uri

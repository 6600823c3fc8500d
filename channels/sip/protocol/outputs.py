"""What the transaction layer tells its driver and its user, as plain data."""

from msgspec import Struct

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.headers import Header
from channels.sip.protocol.message import Request, Response


class ClientKey(Struct, frozen=True):
    """Identity of a client transaction (RFC 3261 §17.1.3)."""

    branch: str
    method: str


class ServerKey(Struct, frozen=True):
    """Identity of a server transaction (RFC 3261 §17.2.3); `method` of an ACK is INVITE."""

    branch: str
    sent_by: str
    method: str


class SendTo(Struct, frozen=True):
    """Put these bytes on the wire."""

    data: bytes
    destination: Endpoint


class Refusal(Struct, frozen=True):
    """A request that is answered with `status` and these headers, and not carried out."""

    status: int
    headers: tuple[Header, ...] = ()
    reason: str | None = None
    """None: the usual phrase."""


class NewRequest(Struct, frozen=True):
    """A request other than ACK and CANCEL, seen for the first time. It must be responded to."""

    key: ServerKey
    request: Request
    source: Endpoint
    to_tag: str
    """The To tag that responses to it get; empty when the request has one already."""


class ResponseReceived(Struct, frozen=True):
    """A response to a request of ours; repeated final responses are not reported again.

    A further 2xx to INVITE with another To tag (forking) is reported and wants its own ACK.
    """

    key: ClientKey
    response: Response
    source: Endpoint


class TimedOut(Struct, frozen=True):
    """No final response: treat as `status`."""

    key: ClientKey
    request: Request
    status: int = 408
    """503 when it could not be sent (RFC 3261 §8.1.3.1)."""


class Cancelled(Struct, frozen=True):
    """The caller cancelled this INVITE; the CANCEL is answered, the INVITE still wants its 487."""

    key: ServerKey
    request: Request
    """The CANCEL (it may carry a Reason header)."""


class AckReceived(Struct, frozen=True):
    """The ACK of a 2xx, reported once; `key` None is an ACK that belongs to no transaction."""

    key: ServerKey | None
    request: Request


class AckMissing(Struct, frozen=True):
    """A 2xx was repeated for 64*T1 without an ACK: the dialog should be ended with BYE."""

    key: ServerKey


Output = SendTo | NewRequest | ResponseReceived | TimedOut | Cancelled | AckReceived | AckMissing

"""Building responses: what they copy and where they go (RFC 3261 §8.2.6, §18.2; RFC 3581)."""

import re
from collections.abc import Iterable

from channels.sip.protocol.address import Endpoint, Via, split_list
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.headers import REASONS, Header, canonical
from channels.sip.protocol.message import BadRequest, Request, Response

_PLAIN_VALUE = re.compile(r"[\w\-.!%*+`'~\[\]:]*")
_FORMS_DIALOG = ("INVITE", "SUBSCRIBE", "REFER")


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str = "",
    headers: Iterable[Header] = (),
    body: bytes = b"",
) -> Response:
    """A response that copies all Vias, From, To, Call-ID and CSeq, and Record-Route where a dialog may form.

    `to_tag` is added when To has none yet and `status` is above 100. `request` must be `checked()`.
    """
    copied = [("Via", line) for line in request.get_all("Via")]
    copied += [(name, request.get(name) or "") for name in ("From", "To", "Call-ID", "CSeq")]
    if to_tag and status > 100 and not request.to.tag:
        copied[-3] = ("To", f"{request.get('To')};tag={to_tag}")
    if 100 < status < 300 and request.method in _FORMS_DIALOG:
        copied += [("Record-Route", line) for line in request.get_all("Record-Route")]
    if status == 100 and (stamp := request.get("Timestamp")):
        copied.append(("Timestamp", stamp))
    copied += [(canonical(name), value) for name, value in headers]
    text = REASONS.get(status, "Unknown") if reason is None else reason
    return Response(headers=tuple(copied), body=body, status=status, reason=text)


def stamp_via(request: Request, source: Endpoint) -> Request:
    """The request with `received` and `rport` of its topmost Via set to where it really came from.

    Values that the sender put there itself are replaced. Raises BadMessage for an unreadable Via.
    """
    via = request.via
    differs = via.host != source.host.lower()
    if not differs and "rport" not in via.params and "received" not in via.params:
        return request
    first, *others = split_list(request.get("Via") or "")
    params = dict(via.params)
    params.pop("received", None)
    if "rport" in params:
        params["rport"] = str(source.port)
    params["received"] = source.host
    text = first.partition(";")[0].rstrip() + "".join(_param(*param) for param in params.items())
    stamped = Via(text, via.transport, via.host, via.port, params)
    return request.with_via(", ".join([text, *others]), stamped)


def _param(name: str, value: str | None) -> str:
    return f";{name}" if value is None else f";{name}={_token(value)}"


def _token(value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def reply_endpoint(via: Via, source: Endpoint) -> Endpoint:
    """Where a response to a request with this stamped Via goes: connection, else RFC 3581, else sent-by.

    `maddr` is ignored on purpose: it would let anybody aim our responses at a third party.
    """
    if source.reliable or "rport" in via.params:
        return source
    return Endpoint(source.host, via.port or 5060, source.transport, source.flow)


def refusal(error: BadMessage, source: Endpoint) -> tuple[bytes, Endpoint] | None:
    """The stateless answer to an unreadable request and where it goes, or None when it must be dropped."""
    if not isinstance(error, BadRequest) or error.request.method == "ACK":
        return None
    request = error.request
    try:
        _ = request.via, request.from_, request.to, request.call_id, request.cseq
        stamped = stamp_via(request, source)
        response = response_to(stamped, error.status, error.reason, to_tag=f"refused-{error.status}")
    except BadMessage:
        return None
    return response.to_bytes(), reply_endpoint(stamped.via, source)

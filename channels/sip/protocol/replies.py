"""Building responses: what they copy and where they go (RFC 3261 §8.2.6, §18.2; RFC 3581)."""

import re
from collections.abc import Iterable

from channels.sip.protocol.address import Endpoint, Via, quoted, split_list
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.headers import REASONS, SPELLINGS, Header, canonical
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
    index, copied = request.index, list[Header]()
    for line in index.get("Via", ()):
        copied.append(("Via", line))
    to = index["To"][0]
    if to_tag and status > 100 and not request.to.tag:
        to = f"{to};tag={to_tag}"
    copied += ("From", index["From"][0]), ("To", to), ("Call-ID", index["Call-ID"][0])
    copied.append(("CSeq", index["CSeq"][0]))
    if 100 < status < 300 and request.method in _FORMS_DIALOG:
        copied += [("Record-Route", line) for line in index.get("Record-Route", ())]
    if status == 100 and "Timestamp" in index:
        copied.append(("Timestamp", index["Timestamp"][0]))
    for name, value in headers:
        copied.append((SPELLINGS.get(name) or canonical(name), value))
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
    line = request.index["Via"][0]
    first, *others = split_list(line) if "," in line else (line,)
    params = dict(via.params)
    params.pop("received", None)
    if "rport" in params:
        params["rport"] = str(source.port)
    params["received"] = source.host
    text = first.partition(";")[0].rstrip()
    for name, value in params.items():
        if value is None:
            text += f";{name}"
        else:
            text += f";{name}={value if _PLAIN_VALUE.fullmatch(value) else quoted(value)}"
    stamped = Via(text, via.transport, via.host, via.port, params, via.branch)
    return request.with_via(", ".join([text, *others]), stamped)


def reply_endpoint(via: Via, source: Endpoint) -> Endpoint:
    """Where a response to a request with this stamped Via goes: connection, else RFC 3581, else sent-by.

    `maddr` is ignored on purpose: it would let anybody aim our responses at a third party.
    """
    if source.transport != "UDP" or "rport" in via.params:
        return source
    return Endpoint(source.host, via.port or 5060, source.transport, source.flow)


def stateless_tag(status: int) -> str:
    """The same To tag for a request and its repetitions, without remembering either (RFC 3261 §8.2.7)."""
    return f"refused-{status}"


def refusal(error: BadMessage, source: Endpoint) -> tuple[bytes, Endpoint] | None:
    """The stateless answer to an unreadable request and where it goes, or None when it must be dropped."""
    if not isinstance(error, BadRequest) or error.request.method == "ACK":
        return None
    request = error.request
    try:
        _ = request.via, request.from_, request.to, request.call_id, request.cseq
        stamped = stamp_via(request, source)
        response = response_to(stamped, error.status, error.reason, to_tag=stateless_tag(error.status))
    except BadMessage:
        return None
    return response.to_bytes(), reply_endpoint(stamped.via, source)

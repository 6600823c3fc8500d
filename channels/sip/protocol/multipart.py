"""The session description within a body of several parts (RFC 5621, RFC 2046 §5.1).

Networks send it beside their own signalling (ISUP, RFC 3204), others beside the caller's place (RFC 6442).
"""

from email.message import Message as Mail
from email.parser import BytesParser
from typing import TypeVar

from msgspec.structs import replace

from channels.sip.protocol.message import Message

SDP = "application/sdp"
PREFIX = "multipart/"
MOST_DELIMITERS = 32
"""Lines that may begin or end a part, at any depth; the parser goes through all of them."""

Either = TypeVar("Either", bound=Message)


def unpacked(message: Either) -> Either:
    """The message with the first session description as its whole body; as it was when there is none.

    What else is in it is not read, even where its Content-Disposition demands that (RFC 5621 §5): a carrier
    that adds signalling of its own would rather have the call.
    """
    kind = message.index["Content-Type"][0]
    if message.body.count(b"\n--") > MOST_DELIMITERS:
        return message
    head = f"Content-Type: {kind}\r\n\r\n".encode("utf-8", "surrogateescape")
    parts = BytesParser().parsebytes(head + message.body).walk()
    found = next((part for part in parts if part.get_content_type() == SDP), None)
    sdp = _content(found) if found is not None else b""
    if not sdp:
        return message
    return replace(message.with_header("Content-Type", SDP), body=sdp)


def _content(part: Mail) -> bytes:
    """Decoded; the line break before the delimiter belongs to the delimiter, and to the last line, too."""
    content = part.get_payload(decode=True)
    return content.rstrip(b"\r\n") + b"\r\n" if isinstance(content, bytes) and content.strip() else b""

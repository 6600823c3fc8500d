"""The session description within a body of several parts (RFC 5621, RFC 2046 §5.1).

Networks send it beside their own signalling (ISUP, RFC 3204), others beside the caller's place (RFC 6442).
What is read of a body is bounded in every direction: its sender may be anybody.
"""

import re
from binascii import Error as NotInBase64
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator

SDP = "application/sdp"
PREFIX = "multipart/"
MOST_DEPTH = 3
"""Bodies of several parts within each other."""
MOST_PARTS = 16
"""In each of them; what comes after is not looked at."""
MOST_HEAD_BYTES, MOST_HEAD_LINES = 2_048, 16
"""Of a part; one whose head is longer is passed over."""

_BOUNDARY = re.compile(r';[ \t]*boundary[ \t]*=[ \t]*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")


def session_in(kind: str, body: bytes, depth: int = 1) -> bytes:
    """The first session description among the parts of a body whose Content-Type is `kind`; empty: none.

    What else is in it is not read, even where its Content-Disposition demands that (RFC 5621 §5): a carrier
    that adds signalling of its own would rather have the call.
    """
    for head, content in _parts(kind, body):
        part_kind = head.get("content-type", "")
        name = part_kind.partition(";")[0].strip().lower()
        found = b""
        if name == SDP:
            found = _content(content, head.get("content-transfer-encoding", ""))
        elif name.startswith(PREFIX) and depth < MOST_DEPTH:
            found = session_in(part_kind, content, depth + 1)
        if found:
            return found
    return b""


def _parts(kind: str, body: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Head and content of each part; the last one may lack the delimiter that ends the whole."""
    named = _BOUNDARY.search(kind)
    if named is None:
        return
    boundary = re.escape((named[1] or named[2]).encode("utf-8", "surrogateescape"))
    body = b"\n" + body  # each delimiter then begins alike, and is found fast
    delimiters = re.finditer(rb"\n--%b(--)?[ \t]*\r?(?=\n|\Z)" % boundary, body)
    before = next(delimiters, None)
    for _ in range(MOST_PARTS):
        if before is None or before[1]:
            return
        after = next(delimiters, None)
        part = _part(body[before.end() : after.start() if after else len(body)])
        if part is not None:
            yield part
        before = after


def _part(part: bytes) -> tuple[dict[str, str], bytes] | None:
    """One part, from the line break before it on; None: its head is too long, or has no end."""
    blank = _BLANK.search(part, 0, MOST_HEAD_BYTES)
    if blank is None:
        return None
    lines = _FOLD.sub(b" ", part[: blank.start()]).split(b"\n")
    if len(lines) > MOST_HEAD_LINES + 1:
        return None
    fields = (line.decode("utf-8", "surrogateescape").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in fields}, part[blank.end() :]


def _content(content: bytes, encoding: str) -> bytes:
    """Decoded; the line break before the delimiter belongs to the delimiter, and to the last line, too."""
    coded = encoding.lower()
    try:
        plain = a2b_base64(content) if coded == "base64" else content
    except NotInBase64:
        return b""
    if coded == "quoted-printable":
        plain = a2b_qp(content)
    return plain.rstrip(b"\r\n") + b"\r\n" if plain.strip() else b""

"""Session descriptions: what is read, what is refused, what is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.media.errors import BadSdpError, UnsafeSdpError
from channels.media.sdp import Description, Direction, Media, flow, media_lines, parse_sdp, write_sdp

GOOD = (
    b"v=0\r\no=anna 5 6 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7/127\r\nt=0 0\r\na=group:x\r\n"
    b"m=audio 30000/2 RTP/AVP 8 101\r\nc=IN IP6 2001:db8::7\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-16\r\na=recvonly\r\n"
)


def test_reads() -> None:
    """Origin, addresses of session and line, formats, mappings, direction."""
    description = parse_sdp(GOOD)
    [media] = description.media
    assert (description.session_id, description.version, description.host) == ("5", "6", "192.0.2.7")
    assert (media.kind, media.port, media.formats) == ("audio", 30000, ("8", "101"))
    assert description.host_of(media) == "2001:db8::7"
    assert description.direction_of(media) is Direction.RECVONLY
    assert media.rtpmap == {"101": "telephone-event/8000"}
    assert media.attributes == ("fmtp:101 0-16",)


@pytest.mark.parametrize(
    ("origin", "read"),
    [
        (b"o=Big PBX 5 6 IN IP4 192.0.2.7\r\n", ("5", "6")),
        (b"o=anna 5\r\n", ("", "")),
        (b"", ("", "")),
    ],
)
def test_who_made_it_is_of_no_consequence(origin: bytes, read: tuple[str, str]) -> None:
    """Some put a display name with blanks there, some forget the line."""
    description = parse_sdp(GOOD.replace(b"o=anna 5 6 IN IP4 192.0.2.7\r\n", origin))
    assert (description.session_id, description.version) == read
    assert description.media == parse_sdp(GOOD).media


def test_bare_line_feeds_and_missing_last_break() -> None:
    """Descriptions with other line ends read the same."""
    assert parse_sdp(GOOD.replace(b"\r\n", b"\n").rstrip()) == parse_sdp(GOOD)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        GOOD.replace(b"v=0", b"v=1"),
        GOOD.replace(b"m=audio 30000/2 RTP/AVP 8 101", b"m=audio 30000"),
        GOOD.replace(b"30000", b"70000"),
        GOOD.replace(b"30000", b"x"),
        GOOD.replace(b"c=IN IP4", b"c=ATM"),
        GOOD + b"x\r\n",
        GOOD + b"a=x\ry\r\n",
        GOOD + b"a=\0\r\n",
        GOOD + b"a=x\r\n" * 500,
        GOOD + b"m=audio 1 RTP/AVP 8\r\n" * 20,
        GOOD + b"m=audio 1 RTP/AVP" + b" 8" * 100 + b"\r\n",
        GOOD + b"a=" + b"x" * 20_000,
    ],
)
def test_refused(data: bytes) -> None:
    """Anything malformed or oversized is a BadSdpError."""
    with pytest.raises(BadSdpError):
        parse_sdp(data)


def test_written_reads_back() -> None:
    """What is written reads back equal."""
    media = Media(
        "audio", 4000, "RTP/AVP", ("8",), None, Direction.SENDONLY, {"8": "PCMA/8000"}, ("ptime:20",)
    )
    written = write_sdp("1", "2", "2001:db8::1", media_lines(media))
    assert parse_sdp(written) == Description("1", "2", (media,), "2001:db8::1")


def test_no_line_break_gets_out() -> None:
    """A line break in a value is refused."""
    with pytest.raises(UnsafeSdpError):
        write_sdp("1", "2", "192.0.2.1\r\na=evil", [])


def test_directions_mirror() -> None:
    """Mirroring swaps the two flows, twice is once round."""
    for said in Direction:
        assert (said.mirrored.sends, said.mirrored.receives) == (said.receives, said.sends)
        assert flow(said.sends, said.receives) is said.mirrored.mirrored is said


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=8)))
def test_never_raises_anything_else(data: bytes | tuple[int, bytes]) -> None:
    """Random bytes, and a good description with random bytes put in, read or raise BadSdpError."""
    if isinstance(data, tuple):
        data = GOOD[: data[0]] + data[1] + GOOD[data[0] + len(data[1]) :]
    try:
        parse_sdp(data)
    except BadSdpError:
        return

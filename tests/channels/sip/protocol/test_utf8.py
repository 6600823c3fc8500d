"""What comes from the network can always be journalled: it is UTF-8 before anything reads it."""

from hypothesis import given
from hypothesis import strategies as st

from channels.sip.transports.udp import in_utf8


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_every_datagram_becomes_utf_8_with_a_body_of_the_same_length(head: bytes, body: bytes) -> None:
    head = b"X" + head.replace(b"\r\n\r\n", b"").rstrip(b"\r\n")
    made = in_utf8(head + b"\r\n\r\n" + body)
    made.decode("utf-8")
    assert len(made.partition(b"\r\n\r\n")[2]) == len(body)


@given(st.text(max_size=100))
def test_utf_8_stays_as_it_is(text: str) -> None:
    data = b"INVITE sip:a@b SIP/2.0\r\nSubject: " + text.replace("\r\n", "").encode() + b"\r\n\r\n"
    assert in_utf8(data) == data


def test_latin_1_names_keep_their_letters() -> None:
    data = 'OPTIONS sip:a@b SIP/2.0\r\nFrom: "Jörg" <sip:j@b>\r\n\r\n'
    assert in_utf8(data.encode("latin-1")) == data.encode("utf-8")

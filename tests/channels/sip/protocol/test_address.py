"""URIs, name-addr values and Via values read as RFC 3261 says, and nothing else does."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.sip.protocol.address import (
    Endpoint,
    common_via,
    endpoint_of,
    is_reachable,
    make_name_addr,
    make_uri,
    name_addr_of_any_form,
    parse_name_addr,
    parse_params,
    parse_uri,
    parse_via,
    quoted,
    split_list,
    unquoted,
)
from channels.sip.protocol.errors import BadMessage, UnsafeTextError


@pytest.mark.parametrize(
    ("text", "scheme", "user", "host", "port", "params"),
    [
        ("sip:anna@pbx.example", "sip", "anna", "pbx.example", None, {}),
        (
            "SIPS:anna@PBX.example:5061;Transport=tls",
            "sips",
            "anna",
            "pbx.example",
            5061,
            {"transport": "tls"},
        ),
        ("sip:anna:secret@[2001:DB8::1]:5070;lr", "sip", "anna", "2001:db8::1", 5070, {"lr": None}),
        ("sip:192.0.2.1", "sip", "", "192.0.2.1", None, {}),
        ("sip:%61nn%61%40x;ext=1@pbx.example", "sip", "anna@x;ext=1", "pbx.example", None, {}),
        ("sip:h@pbx.example;a=1?Subject=x%20y", "sip", "h", "pbx.example", None, {"a": "1"}),
        ("tel:+49-30-555-0101;phone-context=de", "tel", "+49-30-555-0101", "", None, {"phone-context": "de"}),
        ("urn:service:sos", "urn", "", "", None, {}),
    ],
)
def test_uri(  # noqa: PLR0917
    text: str, scheme: str, user: str, host: str, port: int | None, params: dict[str, str | None]
) -> None:
    """Each form of URI shows its parts and keeps its text."""
    uri = parse_uri(text)
    assert (uri.scheme, uri.user, uri.host, uri.port, uri.params) == (scheme, user, host, port, params)
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    ["", "anna", "sip:", "sip:@", "sip:a@h:99999", "sip:a@h:x", "sip:a b@h", "sip:a@h>", "sip:a@[::g]"],
)
def test_not_a_uri(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(BadMessage):
        parse_uri(text)


def test_made_uri_reads_back() -> None:
    """A user with special characters is escaped, an IPv6 host gets brackets."""
    uri = make_uri("anna @home", "2001:db8::1", 5070, ";transport=udp")
    assert uri.text == "sip:anna%20%40home@[2001:db8::1]:5070;transport=udp"
    assert (uri.user, uri.host, uri.port) == ("anna @home", "2001:db8::1", 5070)


@pytest.mark.parametrize("user", ["a\r\nb", "a>b", 'a"b', "ä"])
def test_made_uri_cannot_break_out(user: str) -> None:
    """No character of a user part ends the URI that carries it."""
    uri = make_uri(user, "pbx.example")
    assert uri.user == user
    assert not set(uri.text) & set('\r\n<>" ')


def test_name_addr_forms() -> None:
    """Quoted, bare and missing display names; parameters belong to the URI only inside brackets."""
    assert parse_name_addr('"a \\"b\\" <c>" <sip:x@h.example;p=1>;tag=t;q').params == {"tag": "t", "q": None}
    assert parse_name_addr('"a \\"b\\" <c>" <sip:x@h.example;p=1>').display == 'a "b" <c>'
    assert parse_name_addr("Anna Bert <sip:x@h.example>").display == "Anna Bert"
    bare = parse_name_addr("sip:x@h.example;tag=t")
    assert (bare.uri.params, bare.tag) == ({}, "t")


@pytest.mark.parametrize(
    "value", ["", '"open <sip:a@h>', "<sip:a@h", '"a" x <sip:a@h>', "sip:a@h;tag", 'x "y" <sip:a@h>']
)
def test_name_addr_refused_or_without_tag(value: str) -> None:
    """Broken values are refused; a tag parameter without value counts as no tag."""
    if value == "sip:a@h;tag":
        assert parse_name_addr(value).tag == ""
        return
    with pytest.raises(BadMessage):
        parse_name_addr(value)


def test_made_name_addr() -> None:
    """Display names are quoted; line breaks in them are refused."""
    made = make_name_addr(parse_uri("sip:a@h.example"), 'A "B" \\ C', tag="t1")
    assert parse_name_addr(made).display == 'A "B" \\ C'
    assert parse_name_addr(made).tag == "t1"
    with pytest.raises(UnsafeTextError):
        make_name_addr("sip:a@h.example", "A\r\nEvil: 1")


def test_quoting_is_reversible() -> None:
    """Quoting and unquoting give the text back."""
    for text in ("", "a", 'a"b', "a\\", '\\"'):
        assert unquoted(quoted(text)) == text


def test_via_with_ipv6() -> None:
    """An IPv6 sent-by loses its brackets."""
    via = parse_via("SIP/2.0/tcp [2001:db8::7]:5070;branch=z9hG4bK1;received=2001:db8::8")
    assert (via.transport, via.host, via.port) == ("TCP", "2001:db8::7", 5070)
    assert via.params["received"] == "2001:db8::8"


@pytest.mark.parametrize("value", ["a,b", "a , b", '"x,y" , <z,z>'])
def test_lists(value: str) -> None:
    """Two values each."""
    assert len(split_list(value)) == 2


@pytest.mark.parametrize("value", [",", "a,", ",a", "a,,b", '"a,b', "<a,b"])
def test_bad_lists(value: str) -> None:
    """Empty parts and open quotes or brackets are refused."""
    with pytest.raises(BadMessage):
        split_list(value)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("sip:a@192.0.2.7", Endpoint("192.0.2.7", 5060, "UDP")),
        ("sip:a@192.0.2.7:5070;transport=tcp", Endpoint("192.0.2.7", 5070, "TCP")),
        ("sip:a@[2001:db8::7]", Endpoint("2001:db8::7", 5060, "UDP")),
        ("sips:a@192.0.2.7", Endpoint("192.0.2.7", 5061, "TLS")),
        ("sips:a@pbx.example", Endpoint("pbx.example", 0, "TLS")),
        ("sip:pbx.example;maddr=192.0.2.9", Endpoint("192.0.2.9", 5060, "UDP")),
        ("sip:pbx.example:5060", Endpoint("pbx.example", 5060, "UDP")),
    ],
)
def test_endpoint_of_uri(text: str, endpoint: Endpoint) -> None:
    """Transport and port default as the scheme says; the port of a name is for its records to say."""
    assert endpoint_of(parse_uri(text)) == endpoint


@pytest.mark.parametrize("params", [";b<anch=z9>G4bK1;rport", ";rport;a<b", ";a=x>y", ";a=x,y"])
def test_brackets_and_commas_are_no_part_of_a_parameter(params: str) -> None:
    """Found by fuzzing: we would copy them into a response that nobody can read."""
    with pytest.raises(BadMessage):
        parse_params(params)


def result(read: Callable[[str], object], text: str) -> object:
    """What comes of it; None for a BadMessage."""
    with suppress(BadMessage):
        return read(text)
    return None


PARAMS = st.lists(
    st.sampled_from(
        [";branch=z9hG4bK1", ";Branch=", ";rport", ";rport=7", ';a="b;c"', ";tag=a1", ";TAG=b2", ";"]
    )
    | st.text(max_size=3),
    max_size=3,
).map("".join)
VIAS = st.tuples(
    st.sampled_from(["SIP/2.0/UDP", "sip/2.0/TCP", "SIP / 2.0/UDP", "SIP/2.0/X"]),
    st.sampled_from([" ", "  ", "\t", "\n", "\u00a0"]),
    st.sampled_from(["192.0.2.7", "h.example", "H.Example", "[2001:db8::1]", "h,", "é"]),
    st.sampled_from(["", ":5060", ":65535", ":65536", ":0", ":", " : 5060", ":\u0664"]),
    PARAMS,
).map("".join)
ADDRESSES = st.tuples(
    st.sampled_from(
        ["", '"Anna"', '"Anna" ', '"A \\\\"B\\\\"" ', '"', '"a"b', "Anna ", '""', "\0", '"\n"  ']
    ),
    st.sampled_from(["<", "", "<<", "< "]),
    st.sampled_from(
        ["sip:a@h.example", "sips:a%20b:c@H.example:5061;lr", "tel:+4930;x=1", "sip:a@h:99999", "é", "*"]
    ),
    st.sampled_from([">", "", ">>", " >"]),
    PARAMS,
).map("".join)


@settings(max_examples=2000, deadline=None)
@given(VIAS)
@example("SIP/2.0/UDP 192.0.2.7:65536;branch=z9hG4bK1")
def test_a_via_of_the_usual_form_is_read_as_the_strict_reader_reads_it(text: str) -> None:
    """The expression for the usual form either says nothing, or the same."""
    via = common_via(text)
    assert via is None or via == result(parse_via, text)


@settings(max_examples=2000, deadline=None)
@given(ADDRESSES)
@example('"Anna" <sip:anna@h.example>;tag=a1')
@example("<sip:a@h.example:99999>")
def test_an_address_of_the_usual_form_is_read_as_the_strict_reader_reads_it(text: str) -> None:
    """Two readers, one result."""
    assert result(parse_name_addr, text) == result(name_addr_of_any_form, text)


@pytest.mark.parametrize(
    "text",
    [
        "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport",
        "SIP/2.0/TCP pbx.example;rport=7;received=192.0.2.9;branch=z9hG4bK1",
    ],
)
def test_the_usual_form_of_a_via_is_seen(text: str) -> None:
    """Otherwise the comparison above would compare nothing."""
    assert common_via(text) == parse_via(text)
    assert parse_via(text).branch == "z9hG4bK1"


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "192.0.2.1:5070", "pbx", "my_pbx.example", "df7.invalid", "[2001:db8::1]", "a.b1."]
)
def test_one_peer_can_be_reached(host: str) -> None:
    assert is_reachable(parse_uri(f"sip:x@{host}"))


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1:0",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "[::]",
        "[ff02::1]",
        "[::ffff:192.0.2.1]",
        "1.2.3",
        "a..b",
        f"{'a' * 64}.example",
        "192.0.2.1;maddr=224.0.0.1",
    ],
)
def test_nobody_or_many_cannot(host: str) -> None:
    assert not is_reachable(parse_uri(f"sip:x@{host}"))


def test_a_mailbox_cannot() -> None:
    assert not is_reachable(parse_uri("mailto:x@example.com"))

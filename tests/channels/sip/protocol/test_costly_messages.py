"""What is read before anybody knows who has sent it: as much as real messages need, and no more."""

import time
from contextlib import suppress

import pytest

from channels.sip.protocol.address import MOST_IN_A_LINE, parse_params, split_list
from channels.sip.protocol.digest import (
    MOST_CREDENTIALS,
    MOST_PARAMS,
    Authenticator,
    Nonces,
    Verdict,
    parse_credentials,
)
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import MAX_HEADER_CHARS, MOST_PIECES, Request, parse

OURS = 'Digest username="a", realm="r", nonce="1", uri="sip:h", response="0"'
FOREIGN = 'Digest username="a", realm="other", nonce="1", uri="sip:h", response="0"'


def message(*lines: str) -> Request:
    head = (
        "OPTIONS sip:1@h SIP/2.0",
        "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
        "From: <sip:a@h>;tag=1",
        "To: <sip:1@h>",
        "Call-ID: 1",
        "CSeq: 1 OPTIONS",
        *lines,
    )
    found = parse("\r\n".join((*head, "", "")).encode())
    assert isinstance(found, Request)
    return found


@pytest.mark.parametrize("name", ["Contact", "Route", "Record-Route", "Via", "Require"])
@pytest.mark.parametrize("mark", [",<sip:a@h>", ";a=1"])
def test_lists_are_as_long_as_real_ones_and_not_as_long_as_a_datagram(name: str, mark: str) -> None:
    one = f"{name}: <sip:a@h>{mark * 20}"
    if name not in ("Via", "Require"):
        message(one, one).checked()
    many = [f"{name}: <sip:a@h>{mark * 60}"] * (MOST_PIECES // 60 + 1)
    with pytest.raises(BadMessage, match="Too Many Values") as caught:
        message(*many).checked()
    assert caught.value.status == 513


def test_one_line_has_a_bound_of_its_own() -> None:
    """It is read by itself, too: a Via before all else, a To that is answered."""
    assert len(split_list(",".join("a" * MOST_IN_A_LINE))) == MOST_IN_A_LINE
    assert len(parse_params("".join(f";a{n}" for n in range(MOST_IN_A_LINE)))) == MOST_IN_A_LINE
    with pytest.raises(BadMessage, match="Too Many Values"):
        split_list(",".join("a" * (MOST_IN_A_LINE + 2)))
    with pytest.raises(BadMessage, match="Too Many Parameters"):
        parse_params("".join(f";a{n}" for n in range(MOST_IN_A_LINE + 1)))


def test_few_credentials_are_looked_at_and_few_parameters_of_them() -> None:
    ours = Authenticator("r", Nonces(bytes(16)))
    asked: list[str] = []

    def verdict(before: int) -> Verdict:
        return ours.verify([FOREIGN] * before + [OURS], "REGISTER", 0, asked.append, uri="sip:h")[0]

    assert verdict(MOST_CREDENTIALS - 1) is Verdict.STALE
    assert verdict(MOST_CREDENTIALS) is Verdict.MISSING
    assert parse_credentials(OURS + "".join(f", x{n}=1" for n in range(MOST_PARAMS - 5)))
    with pytest.raises(BadMessage):
        parse_credentials(OURS + "".join(f", x{n}=1" for n in range(MOST_PARAMS - 4)))


@pytest.mark.parametrize("before", ["Digest", "Digest a", "Digest a=", 'Digest a="', "Digest a=b"])
@pytest.mark.parametrize("filling", [" ", "a", "\\", '\\"'])
def test_no_line_of_credentials_takes_longer_than_it_is_long(before: str, filling: str) -> None:
    """With blanks that could be shared out in every way it took 0.8 s."""
    line = before + filling * (MAX_HEADER_CHARS // len(filling) - 20) + "x y"
    began_s = time.process_time()
    with suppress(BadMessage):
        assert parse_credentials(line) is None, "of another scheme"
    assert time.process_time() - began_s < 0.1

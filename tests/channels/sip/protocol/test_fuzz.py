"""Whatever arrives from the network is read, answered or dropped, and never raises anything untyped."""

import importlib.util
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.sip.protocol.address import (
    Endpoint,
    parse_name_addr,
    parse_params,
    parse_uri,
    parse_via,
    split_list,
)
from channels.sip.protocol.digest import parse_challenges, parse_credentials
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Message, parse
from channels.sip.protocol.outputs import SendTo
from channels.sip.protocol.replies import refusal

TARGET = Path(__file__).with_name("fuzz_sip.py")
SOURCE = Endpoint("192.0.2.7", 5060)


def fuzz(number: int, seed: int) -> Counter[str]:
    spec = importlib.util.spec_from_file_location("fuzz_sip", TARGET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Counter[str] = module.run(number, seed)
    return found


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=400))
@example(b"\r\n\r\n")
@example(b"A B SIP/2.0\r\n\r\n")
def test_random_bytes(data: bytes) -> None:
    """Random bytes are a message or a BadMessage, and a refusal can always be written."""
    try:
        parse(data).checked()
    except BadMessage as error:
        answer = refusal(error, SOURCE)
        assert answer is None or parse(answer[0]).checked()


@settings(max_examples=500, deadline=None)
@given(data=st.text(max_size=60), reader=st.sampled_from([
    parse_uri, parse_name_addr, parse_via, parse_params, split_list, parse_credentials,
    lambda text: parse_challenges([text]),
]))  # fmt: skip
def test_random_values(data: str, reader: Callable[[str], object]) -> None:
    """Each reader of one value returns or raises BadMessage for any text."""
    try:
        reader(data)
    except BadMessage:
        return


def test_mutated_messages() -> None:
    """Damaged messages of all kinds: nothing untyped escapes, and all three outcomes occur."""
    seen = fuzz(4000, seed=7)
    assert min(seen["accepted"], seen["refused"], seen["unreadable"]) > 200


@pytest.mark.parametrize("number", [2000])
def test_target_runs_by_itself(number: int) -> None:
    """The documented command works and prints what came of the packets."""
    found = subprocess.run(
        [sys.executable, TARGET, "--count", str(number), "--seed", "3"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(TARGET.parents[4])},
    )
    assert "accepted=" in found.stdout


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_million_mutated_messages() -> None:
    """The long form: 10^7 damaged messages."""
    seen = fuzz(10_000_000, seed=11)
    assert sum(seen[kind] for kind in ("accepted", "refused", "unreadable")) == 10_000_000


@pytest.mark.parametrize(
    ("piece", "around"),
    [
        (" ", ("From", 'a{}"<sip:a@h.example>')),
        ('"', ("From", "{}<sip:a@h.example>")),
        ("\\", ("From", '"{}" <sip:a@h.example>')),
        ("<", ("Contact", "{}")),
        ("a ", ("Contact", "{}<")),
        (",", ("Route", "{}")),
        (";a", ("To", "<sip:a@h.example>{}=")),
        ("; a ", ("Via", "SIP/2.0/UDP h{}!<")),
        (" ", ("Via", "SIP{}/2.0/UDP{}h;branch=1")),
        ("%", ("Contact", "<sip:{}@h.example>")),
        ("a", ("Contact", "<sip:a@{}>")),
        ("\r\n ", ("Subject", "{}x")),
        ("0", ("CSeq", "{}1 OPTIONS")),
        (" ", ("Subject", "{}x\r\n y")),
    ],
)
def test_cost_grows_with_length_only(piece: str, around: tuple[str, str]) -> None:
    """Eight times the hostile text costs about eight times the CPU, not 64 times (no quadratic pattern)."""

    def cost(length: int) -> float:
        value = around[1].replace("{}", piece * (length // len(piece)))
        packet = f"OPTIONS sip:a@h.example SIP/2.0\r\n{around[0]}: {value}\r\nCall-ID: 1\r\n\r\n".encode()
        best = float("inf")
        for _ in range(5):
            started = time.process_time()
            for _ in range(20):
                read(packet, READERS[around[0]])
            best = min(best, time.process_time() - started)
        return best

    assert cost(8000) < 24 * cost(1000)


READERS: dict[str, Callable[[Message], object]] = {
    "From": lambda message: message.from_,
    "To": lambda message: message.to,
    "Contact": lambda message: message.contacts,
    "Route": lambda message: message.routes,
    "Via": lambda message: message.via,
    "Subject": lambda message: message.get("Subject"),
    "CSeq": lambda message: message.cseq,
}


def read(packet: bytes, reader: Callable[[Message], object]) -> None:
    """Parse and read one header, whatever comes of it."""
    try:
        reader(parse(packet))
    except BadMessage:
        return


def test_reply_to_a_damaged_request_is_clean() -> None:
    """A stray line break in a header is not carried into the 400."""
    head = (
        "OPTIONS sip:h@acd.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a\r\n"
    )
    with pytest.raises(BadMessage) as caught:
        parse((head + "To: <sip:h@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nVia: x\ry\r\n\r\n").encode())
    answer = refusal(caught.value, SOURCE)
    assert answer is not None
    assert parse(SendTo(*answer).data).checked().get_all("Via") == [
        "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.7"
    ]

"""What a channel does with its own table of the site file."""

import pytest

from config.durations import duration_ms, duration_text
from config.errors import ConfigError
from config.table import RawTable, Table

SIP = {
    "listen": "127.0.0.1:5060",
    "workers": 2,
    "keep": "1m30s",
    "limits": {"calls": 10},
    "trunks": [
        {"name": "pbx", "addresses": ["127.0.0.1"]},
        {"name": "provider", "password_env": "ACD_TRUNK"},
    ],
}


def test_a_channel_reads_its_table() -> None:
    """Typed getters give values, defaults, inner tables and secrets."""
    table = RawTable("site.toml", "sip", SIP, {"ACD_TRUNK": "invented"}).open()
    pbx, provider = table.tables("trunks")
    assert table.text("listen") == "127.0.0.1:5060"
    assert table.text("realm", "acd") == "acd"
    assert table.integer("workers", 1) == 2
    assert table.duration_ms("keep", 5000) == 90_000
    assert table.duration_ms("patience", 5000) == 5000
    assert table.flag("nat", default=True) is True
    assert table.table("limits").integer("calls") == 10
    assert table.table("codecs").data == {}
    assert (pbx.text("name"), pbx.list_of_text("addresses")) == ("pbx", ("127.0.0.1",))
    assert pbx.secret("password") is None
    secret = provider.secret("password")
    assert provider.text("name") == "provider"
    assert provider.list_of_text("addresses", []) == ()
    assert secret is not None
    assert secret.reveal() == "invented"
    assert table.finish() is table


def test_a_channel_reports_exact_key_paths() -> None:
    """`finish` raises all that was found, with file and key path, down into lists of tables."""
    table = RawTable("lines.toml", "sip", SIP | {"listne": "x"}).open()
    table.integer("listen")
    table.text("realm")
    table.integer("workers", most=1)
    for trunk in table.tables("trunks"):
        trunk.text("nam", "")
        trunk.secret("password")
        trunk.list_of_text("addresses", [])
    table.table("limits").flag("calls")
    table.duration_ms("keep")
    with pytest.raises(ConfigError) as caught:
        table.finish()
    assert str(caught.value).splitlines() == [
        "lines.toml: sip.listen: must be a whole number, not a text",
        "lines.toml: sip.realm: missing key",
        "lines.toml: sip.workers: must be 0 to 1, not 2",
        "lines.toml: sip.trunks[1].password_env: environment variable ACD_TRUNK is not set",
        "lines.toml: sip.limits.calls: must be true or false, not a whole number",
        'lines.toml: sip.listne: unknown key, did you mean "listen"?',
        'lines.toml: sip.trunks[0].name: unknown key, did you mean "nam"?',
        'lines.toml: sip.trunks[1].name: unknown key, did you mean "nam"?',
    ]
    assert (caught.value.file, caught.value.key, caught.value.reason) == (
        "lines.toml",
        "sip.listen",
        "must be a whole number, not a text",
    )


def test_a_channel_adds_its_own_errors() -> None:
    """What only the channel can judge is reported in the same way."""
    table = Table("site.toml", "sip", {"listen": "nowhere"})
    table.error("listen", f'"{table.text("listen")}" is not host:port')
    with pytest.raises(ConfigError, match=r'^site\.toml: sip\.listen: "nowhere" is not host:port$'):
        table.finish()


def test_an_error_can_be_raised_directly() -> None:
    """One file, key and reason make one line."""
    assert str(ConfigError("site.toml", "sip.listen", "in use")) == "site.toml: sip.listen: in use"


def test_odd_keys_are_quoted() -> None:
    """A key that TOML would quote is quoted in the message, so that it can be found."""
    with pytest.raises(ConfigError, match=r'^s: sip\."a \\"b\\"\\n": unknown key$'):
        Table("s", "sip", {'a "b"\n': 1}).finish()


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("20s", 20_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("1d", 86_400_000),
        ("0s", 0),
        (20, 20_000),
        (0.25, 250),
        (0, 0),
    ],
)
def test_durations(text: object, ms: int) -> None:
    """Durations are texts with units, or seconds."""
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    "text", ["", "s", "5", "5m1h", "1.5h", "5 s", "5S", "99999999999s", "٣s", True, None, [], {}]
)
def test_not_durations(text: object) -> None:
    """Anything else is refused with a reason."""
    with pytest.raises(ValueError, match="duration"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (250, "250ms"), (1000, "1s"), (300_000, "5m"), (5_430_000, "1h30m30s"), (86_400_000, "1d")],
)
def test_durations_in_messages_are_written_as_in_the_file(ms: int, text: str) -> None:
    """What is read again is the same."""
    assert duration_text(ms) == text
    assert duration_ms(text) == ms

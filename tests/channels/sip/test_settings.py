"""What is wrong in the `[sip]` table is named by file, key and reason."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from channels.sip.settings import SipSettings, read_settings
from config.errors import ConfigError
from config.schema import Site
from config.table import RawTable

SERVER = SimpleNamespace(data_dir=Path("var"))


def read(text: str) -> SipSettings:
    table = RawTable("site.toml", "sip", tomllib.loads(text))
    return read_settings(cast(Site, SimpleNamespace(channels={"sip": table}, server=SERVER)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('listen = "everywhere"', 'site.toml: sip.listen: "everywhere" is not ADDRESS:PORT'),
        ('listen = "127.0.0.1:99999"', 'site.toml: sip.listen: "99999" is not a port'),
        (
            'media_ports = "200-100"',
            'site.toml: sip.media_ports: "200-100" is not FIRST-LAST with ports from 1024 to 65535',
        ),
        ('digests = ["MD4"]', 'site.toml: sip.digests: unknown algorithm "MD4", did you mean "MD5"?'),
        ('realm = "our desk"', 'site.toml: sip.realm: "our desk" is no domain'),
        ('phone_probe = "10ms"', "site.toml: sip.phone_probe: must be 0s (never) or at least 1s"),
        ("digests = []", "site.toml: sip.digests: name at least one algorithm"),
        ('sign_in = "phone"', 'site.toml: sip.sign_in: "phone" is none of api, register'),
        (
            '[[trunks]]\nname = "pbx"\naddresses = ["pbx.invalid"]',
            'site.toml: sip.trunks[0].addresses: "pbx.invalid" is no IP address or network',
        ),
        ('listne = "127.0.0.1:5060"', 'site.toml: sip.listne: unknown key, did you mean "listen"?'),
        ("listen = 5060", "site.toml: sip.listen: must be a text, not a whole number"),
    ],
)
def test_a_mistake_is_named_by_file_key_and_reason(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == message


def test_an_empty_table_is_a_desk_on_loopback_that_trusts_nobody() -> None:
    settings = read("")
    assert (settings.host, settings.port) == ("127.0.0.1", 5060)
    assert not settings.trusts("127.0.0.1")


def test_a_trunk_may_be_a_network() -> None:
    settings = read('[[trunks]]\nname = "pbx"\naddresses = ["192.0.2.0/24", "2001:db8::/32"]')
    assert settings.trusts("192.0.2.77")
    assert settings.trusts("2001:db8::1")
    assert not settings.trusts("198.51.100.1")


def test_an_entry_is_found_however_the_number_is_written() -> None:
    settings = read("")
    assert settings.entry_of("+49-30-555-0101") == settings.entry_of("+49305550101") == "+49305550101"


def test_an_address_in_brackets_is_ipv6() -> None:
    settings = read('listen = "[::1]:5062"')
    assert (settings.host, settings.port) == ("::1", 5062)

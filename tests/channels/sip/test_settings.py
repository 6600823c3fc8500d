"""What is wrong in the `[sip]` table is named by file, key and reason."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from channels.media.latch import Latch
from channels.sip.protocol.address import Endpoint
from channels.sip.settings import SipSettings, read_settings
from channels.sip.trunks import Outbound
from config.errors import ConfigError
from config.schema import DirectorySettings, Site
from config.table import RawTable
from queues.desk import Desk, OutboundRule

SERVER = SimpleNamespace(data_dir=Path("var"))
DIRECTORY = DirectorySettings({}, 5, ())


def read(text: str, desk: Desk = Desk()) -> SipSettings:  # noqa: B008  (frozen)
    table = RawTable("site.toml", "sip", tomllib.loads(text))
    site = SimpleNamespace(channels={"sip": table}, server=SERVER, desk=desk, directory=DIRECTORY)
    return read_settings(cast(Site, site))


def trunk(*keys: str) -> str:
    return "\n".join(("[[trunks]]", 'name = "pbx"', 'addresses = ["192.0.2.10"]', *keys))


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
        ('phone_qualify = "1ms"', "site.toml: sip.phone_qualify: must be 0s (never) or at least 1s"),
        (
            '[phone_answers]\n200 = "busy"',
            "site.toml: sip.phone_answers.200: is no final response that says no (300 to 699)",
        ),
        (
            '[phone_answers]\n480 = "away"',
            (
                'site.toml: sip.phone_answers.480: "away" is none of '
                "unreachable, no answer, busy, do not disturb, refused"
            ),
        ),
        ('do_not_disturb = "nap"', 'site.toml: sip.do_not_disturb: unknown pause reason "nap"'),
        ('phone_shows = ["nmae"]', 'site.toml: sip.phone_shows: unknown part "nmae", did you mean "name"?'),
        (
            trunk('called = ["Via"]'),
            'site.toml: sip.trunks[0].called: unknown header "Via"',
        ),
        (trunk("caller = []"), "site.toml: sip.trunks[0].caller: name at least one header"),
        ("digests = []", "site.toml: sip.digests: name at least one algorithm"),
        ('sign_in = "phone"', 'site.toml: sip.sign_in: "phone" is none of api, register'),
        (
            '[[trunks]]\nname = "pbx"\naddresses = ["pbx.invalid"]',
            'site.toml: sip.trunks[0].addresses: "pbx.invalid" is no IP address or network',
        ),
        (
            trunk('outbound = "pbx.invalid:5060"', 'caller_id = "+49305550100"'),
            'site.toml: sip.trunks[0].outbound: "pbx.invalid:5060" is not ADDRESS:PORT',
        ),
        (
            trunk('outbound = "192.0.2.10:0"', 'caller_id = "+49305550100"'),
            'site.toml: sip.trunks[0].outbound: "0" is not a port',
        ),
        (
            trunk('outbound = "192.0.2.10:5060"'),
            "site.toml: sip.trunks[0].caller_id: missing key (whom we call must see a number)",
        ),
        (
            trunk('outbound = "192.0.2.10:5060"', 'caller_id = "030 5550100"'),
            'site.toml: sip.trunks[0].caller_id: "030 5550100" is not "+" and digits, as in "+49305550100"',
        ),
        (
            trunk('caller_id = "+49305550100"'),
            "site.toml: sip.trunks[0].outbound: missing key (there is a caller_id but nowhere to show it)",
        ),
        (
            trunk('region = "at"'),
            'site.toml: sip.trunks[0].region: "at" is not a country such as "DE" (two capitals, ISO 3166-1)',
        ),
        (
            'silent_limit = "10s"',
            "site.toml: sip.silent_limit: must be 0s (never) or at least silent, which must not be 0s then",
        ),
        (
            'silent = "0s"\nsilent_limit = "10m"',
            "site.toml: sip.silent_limit: must be 0s (never) or at least silent, which must not be 0s then",
        ),
        (
            trunk('latch = "all"'),
            'site.toml: sip.trunks[0].latch: "all" is none of never, address, network, anywhere',
        ),
        (trunk('nat = "perhaps"'), 'site.toml: sip.trunks[0].nat: "perhaps" is none of auto, always, never'),
        (trunk("region = 43"), "site.toml: sip.trunks[0].region: must be a text, not a whole number"),
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
    assert not settings.trunk_of("127.0.0.1")


def test_who_may_send_sound_is_said_for_the_site_its_phones_and_each_trunk() -> None:
    usual = read(trunk())
    assert (usual.phone_latch, usual.latch_of("192.0.2.10")) == (Latch.ADDRESS, Latch.ADDRESS)
    calls = trunk('latch = "never"', 'outbound = "192.0.2.11:5060"', 'caller_id = "+49305550100"')
    other = '[[trunks]]\nname = "other"\naddresses = ["192.0.2.20"]'
    said = read("\n".join(('latch = "network"', 'phone_latch = "anywhere"', calls, other)))
    assert said.phone_latch is Latch.ANYWHERE
    latches = [said.latch_of(f"192.0.2.{last}") for last in (10, 11, 20)]
    assert latches == [Latch.NEVER, Latch.NEVER, Latch.NETWORK]


def test_a_trunk_may_be_a_network() -> None:
    settings = read('[[trunks]]\nname = "pbx"\naddresses = ["192.0.2.0/24", "2001:db8::/32"]')
    assert settings.trunk_of("192.0.2.77")
    assert settings.trunk_of("2001:db8::1")
    assert not settings.trunk_of("198.51.100.1")


def test_a_trunk_has_the_country_of_its_network() -> None:
    pbx = '[[trunks]]\nname = "pbx"\naddresses = ["192.0.2.0/24"]\n'
    vienna = '[[trunks]]\nname = "vienna"\naddresses = ["198.51.100.1"]\nregion = "AT"\n'
    where = 'outbound = "198.51.100.1:5060"\ncaller_id = "+4315550100"\n'
    settings = read(pbx + vienna + where)
    trunks = [settings.trunk_of(host) for host in ("192.0.2.1", "198.51.100.1", "203.0.113.1")]
    assert [trunk and trunk.region for trunk in trunks] == ["", "AT", None]
    assert settings.outbound == Outbound(Endpoint("198.51.100.1", 5060), "+4315550100", "AT")


def test_our_calls_go_to_the_first_trunk_that_takes_them() -> None:
    last = trunk('outbound = "[2001:db8::1]:5062"', 'caller_id = "+49305550101"')
    settings = read(
        "\n".join((trunk(), trunk('outbound = "192.0.2.10:5070"', 'caller_id = "+49305550100"'), last))
    )
    assert settings.outbound == Outbound(Endpoint("192.0.2.10", 5070), "+49305550100")
    assert read(last).outbound == Outbound(Endpoint("2001:db8::1", 5062), "+49305550101")
    assert read(trunk()).outbound is None


def test_calls_that_are_allowed_need_a_trunk_that_takes_them() -> None:
    by_sip = Desk(outbound=(OutboundRule("callback", ("local",), "sip"),))
    with pytest.raises(ConfigError, match=r"sip\.trunks: none has the key outbound"):
        read(trunk(), by_sip)
    assert read(trunk('outbound = "192.0.2.10:5060"', 'caller_id = "+49305550100"'), by_sip).outbound
    assert read(trunk(), Desk(outbound=(OutboundRule("callback", ("local",), "isdn"),))).outbound is None


def test_an_address_in_brackets_is_ipv6() -> None:
    settings = read('listen = "[::1]:5062"')
    assert (settings.host, settings.port) == ("::1", 5062)

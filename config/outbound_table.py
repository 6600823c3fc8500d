"""The tables `[[outbound]]`: whom we may call. What none of them allows is not called."""

import re
from collections.abc import Collection, Mapping, Sequence

from config.table import Table
from queues.desk import OutboundRule, TenantId
from queues.dial_policy import NEVER
from queues.outbound import ALL_CLEAR, CALLBACK, CONSULT, DIVERT, ESCALATION

PURPOSES = (CALLBACK, CONSULT, DIVERT, ESCALATION, ALL_CLEAR)

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""A number that is the same everywhere (RFC 3966 §5.1.4, E.164): nothing but `+` and digits."""

PREFIX = re.compile(r"\+[1-9][0-9]{0,13}|[0-9]{1,8}", re.ASCII)
"""How numbers in normal form may begin; those of extensions and short codes have no `+`."""

DIAL_CLASSES = ("internal", "local", "mobile", "toll_free", "short", "foreign")
"""Values of `acd.ports.DialClass` that may be allowed."""

AT_HOME = ("internal", "short")
"""Digits of which only a country's plan says what they are."""


def read_outbound(
    tables: Sequence[Table], regions: Mapping[TenantId, str], channels: Collection[str]
) -> tuple[OutboundRule, ...]:
    """The rules, in their order: the first that fits counts. `regions`: client → country, "" for none."""
    return tuple(_rule(table, regions, channels) for table in tables)


def _rule(table: Table, regions: Mapping[TenantId, str], channels: Collection[str]) -> OutboundRule:
    purpose = table.reference("purpose", "purpose", PURPOSES)
    channel = table.text("channel", "sip")
    if channels or "channel" in table:
        table.known("channel", "channel", channel, channels)
    else:
        table.error("", f"calls by the channel {channel}, and there is no table [{channel}]")
    tenant = table.reference("tenant", "tenant", regions, "")
    classes = _classes(table)
    concerned = (TenantId(tenant),) if tenant in regions else () if tenant else tuple(regions)
    _check_regions(table, classes, [one for one in concerned if not regions[one]])
    return OutboundRule(
        purpose=purpose,
        classes=classes,
        channel=channel,
        tenant=TenantId(tenant),
        at_once=table.integer("at_once", 10, least=1),
        per_hour=table.integer("per_hour", 100, least=1),
        per_number=table.integer("per_number", 6, least=1),
        caller_id=_caller_id(table),
        prefixes=_prefixes(table, classes),
    )


def _caller_id(table: Table) -> str:
    number = table.text("caller_id", "")
    if number and not E164.fullmatch(number):
        table.error("caller_id", f'"{number:.40}" is not "+" and digits, as in "+49305550100"')
    return number


def _prefixes(table: Table, classes: Collection[str]) -> tuple[str, ...]:
    """What a number must begin with; to allow all foreign countries is what fraud lives on."""
    prefixes = table.list_of_text("prefixes", [])
    for one in prefixes:
        if not PREFIX.fullmatch(one):
            table.error("prefixes", f'"{one:.40}" is not "+" and digits, as in "+43"')
    if "foreign" in classes and not prefixes:
        table.warn("prefixes", 'missing: "foreign" alone allows every country, dear ones included')
    return tuple(prefixes)


def _classes(table: Table) -> tuple[str, ...]:
    classes = table.list_of_text("classes")
    if not classes and table.data.get("classes") == []:
        table.error("classes", "must not be empty")
    for name in classes:
        if name in NEVER:
            table.error("classes", f'"{name}" numbers are never called')
        elif name not in DIAL_CLASSES:
            table.error("classes", f'unknown dial class "{name}": there are {", ".join(DIAL_CLASSES)}')
    return classes


def _check_regions(table: Table, classes: Collection[str], nowhere: Collection[str]) -> None:
    """Without its country nobody knows of a client's numbers which are at home, nor which call for help."""
    for tenant in nowhere:
        for name in classes:
            if name in AT_HOME:
                table.error("classes", f'"{name}" needs a region for the tenant "{tenant}"')
            elif name != "foreign":
                table.warn("classes", f'no number of the tenant "{tenant}" is "{name}" without a region')

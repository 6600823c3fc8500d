"""The tables `[[outbound]]`: whom we may call. What none of them allows is not called."""

from collections.abc import Collection, Sequence

from config.table import Table
from queues.desk import OutboundRule, TenantId

PURPOSES = ("callback",)

DIAL_CLASSES = ("internal", "local", "mobile", "toll_free", "short", "foreign", "unknown")
"""Values of `acd.ports.DialClass` that may be allowed."""

NEVER = ("emergency", "premium")
"""Those that may not: nobody promised the police a callback, and premium numbers are what fraud is after."""


def read_outbound(
    tables: Sequence[Table], tenants: Collection[str], channels: Collection[str]
) -> tuple[OutboundRule, ...]:
    """The rules, in their order: the first that fits counts."""
    return tuple(_rule(table, tenants, channels) for table in tables)


def _rule(table: Table, tenants: Collection[str], channels: Collection[str]) -> OutboundRule:
    purpose = table.text("purpose")
    if purpose:
        table.known("purpose", "purpose", purpose, PURPOSES)
    channel = table.text("channel", "sip")
    table.known("channel", "channel", channel, channels)
    tenant = table.text("tenant", "")
    if tenant:
        table.known("tenant", "tenant", tenant, tenants)
    return OutboundRule(
        purpose=purpose,
        classes=_classes(table),
        channel=channel,
        tenant=TenantId(tenant),
        at_once=table.integer("at_once", 10, least=1),
    )


def _classes(table: Table) -> tuple[str, ...]:
    classes = table.list_of_text("classes")
    if not classes and table.data.get("classes") == []:
        table.error("classes", "must not be empty")
    for name in classes:
        if name in NEVER:
            table.error("classes", f'"{name}" numbers are never called')
        elif table.known("classes", "dial class", name, DIAL_CLASSES) and name == "unknown":
            table.warn("classes", '"unknown" numbers are in nobody\'s plan: nobody knows what they cost')
    return classes

"""The tables `[escalations.NAME]`: people who are called in their order until one takes it over by a key."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agents.capacity import MAIL, VOICE
from config.entries import entry_id
from config.schema import EscalationList, EscalationStep, Passage
from config.table import Table
from config.texts import SPOKEN, plain, read_passages
from queues.desk import Entry, EntryId, OutboundRule, TenantId
from queues.escalation import ASK, THANKS
from queues.outbound import ESCALATION

MAX_ROUNDS = 100
MAX_STEPS = 50

WORDS: Mapping[str, Mapping[str, str]] = {
    ASK: {
        "de": "Drücken Sie die Eins, wenn Sie sich darum kümmern.",
        "en": "Press one if you will take care of it.",
    },
    THANKS: {
        "de": "Danke. Niemand sonst wird angerufen.",
        "en": "Thank you. Nobody else is called.",
    },
}
"""What the desk itself says to whoever is called."""


class Beside(NamedTuple):
    """What lists refer to."""

    tenants: Mapping[str, Table]
    agents: Mapping[str, Table]
    entries: Sequence[Entry]
    outbound: Sequence[OutboundRule]
    languages: tuple[str, ...]


def read_escalations(
    tables: Mapping[str, Table], beside: Beside, prompts: dict[str, tuple[Passage, ...]]
) -> dict[str, EscalationList]:
    """The lists by name; their texts are added to `prompts`. What is wrong is recorded."""
    found = {name: _list(name, table, beside, prompts) for name, table in tables.items()}
    if found:
        for name, words in WORDS.items():
            spoken = [language for language in beside.languages if plain(language) in SPOKEN]
            prompts[name] = tuple(Passage(one, words[plain(one)]) for one in spoken)
    return found


def _list(name: str, table: Table, beside: Beside, prompts: dict[str, tuple[Passage, ...]]) -> EscalationList:
    tenant = TenantId(table.reference("tenant", "tenant", beside.tenants))
    passages = read_passages(table, "text", beside.languages, beside.languages, "desk")
    if passages:
        prompts[f"escalation:{name}"] = passages
    steps = [_step(step, beside) for step in table.tables("steps")]
    if not steps:
        table.error("steps", "missing key (who is called, one after the other)")
    elif len(steps) > MAX_STEPS:
        table.error("steps", f"has {len(steps)} steps, at most {MAX_STEPS} are possible")
    rules = [rule for rule in beside.outbound if rule.purpose == ESCALATION and rule.tenant in ("", tenant)]
    if tenant in beside.tenants and not rules and any(step.number for step in steps):
        table.error("steps", f'no [[outbound]] rule has the purpose "{ESCALATION}" for the tenant "{tenant}"')
    return EscalationList(
        name=name,
        tenant=tenant,
        entry=_entry(table, tenant, beside),
        steps=tuple(steps),
        rounds=table.integer("rounds", 1, least=1, most=MAX_ROUNDS),
        gap_ms=table.duration_ms("gap", 120_000),
        mail=_mail(table),
        has_text=bool(passages),
        file=table.file,
    )


def _step(step: Table, beside: Beside) -> EscalationStep:
    number, agent = step.text("number", ""), step.reference("agent", "agent", beside.agents, "")
    if bool(number) == bool(agent):
        step.error("number", "a step needs either a number or an agent")
    return EscalationStep(
        step.text("name", agent or "?"), step.duration_ms("ring", 30_000, least_ms=1_000), number, agent
    )


def _entry(table: Table, tenant: TenantId, beside: Beside) -> EntryId:
    """The one named, or the client's first for calls."""
    own = [entry.id for entry in beside.entries if (entry.tenant, entry.medium) == (tenant, VOICE)]
    written = table.text("entry", "")
    if not written:
        if not own and tenant in beside.tenants:
            table.error("entry", f'missing key (the tenant "{tenant}" has no number of its own)')
        return own[0] if own else EntryId("")
    named = entry_id(VOICE, written)
    if named is None or named not in own:
        table.error("entry", f'"{written}" is no number of the tenant "{tenant}"')
        return EntryId("")
    return named


def _mail(table: Table) -> str:
    address = table.text("mail", "")
    if not address:
        return ""
    table.warn(
        "mail", "no channel sends mails yet: that nobody took it over is told in the log and by status"
    )
    if entry_id(MAIL, address) is None:
        table.error("mail", f'"{address}" is no mail address')
    return address

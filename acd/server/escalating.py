"""Escalation lists of the site file: numbers into the vault, texts to the channels, then they are walked."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence

from acd.content.errors import NotSyncedError
from acd.core.events import ContactId, EscalationStarted, Event
from acd.directory.directory import ListDirectory, numbering_of
from acd.directory.numbers import read_number
from acd.ports import ContactRef, Content, NewParty, PartyKind
from acd.server.announcements import Announcements, digest
from acd.server.dialling import KEPT_WITHIN_S
from acd.web.control import EscalationRefused, EscalationWish
from agents.skills import AgentId
from config.errors import Problem
from config.schema import EscalationList, EscalationStep, Site
from config.texts import unsaid
from queues.dial_policy import NEVER, rule_for
from queues.escalation import Person
from queues.outbound import ESCALATION

Submit = Callable[[Event], Awaitable[int]]


class Escalating:
    """All on the loop."""

    def __init__(self, content: Content, directory: ListDirectory, announcements: Announcements) -> None:
        self._content = content
        self._directory = directory
        self._announcements = announcements

    async def start(self, site: Site, wish: EscalationWish, submit: Submit) -> int:
        """Walk the list from now on; returns what `submit` does.

        Raises EscalationRefused, Rejected, VaultError, and what `submit` raises.
        """
        chosen = site.escalations.get(wish.list)
        if chosen is None:
            raise EscalationRefused(f'there is no escalation list "{wish.list}"')
        text = _name_of_text(site, chosen, wish.texts)
        people, mail = await self._people(site, chosen)
        event = EscalationStarted(
            chosen.name,
            chosen.entry,
            people,
            text,
            chosen.rounds,
            chosen.gap_ms,
            wish.texts,
            mail,
            contact=ContactId(wish.contact),
            ticket=wish.ticket,
        )
        if not wish.texts:
            return await submit(event)
        try:
            return await self._announcements.say({text: wish.texts}, lambda: submit(event))
        except (OSError, ValueError) as failure:
            raise EscalationRefused(str(failure)) from failure

    async def _people(self, site: Site, chosen: EscalationList) -> tuple[tuple[Person, ...], str]:
        """With opaque ids in place of numbers, which are kept safely first; and that of the mail address."""
        of = ContactRef(chosen.tenant, f"escalation-{secrets.token_hex(8)}")
        numbers = [_number_of(site, chosen, step) for step in chosen.steps]
        batch = [NewParty(of, PartyKind.NUMBER, number) for number, _ in numbers if number]
        batch += [NewParty(of, PartyKind.ADDRESS, chosen.mail)] if chosen.mail else []
        ids = iter(await self._kept(batch))
        people = []
        for step, (number, dial_class) in zip(chosen.steps, numbers, strict=True):
            party = next(ids) if number else ""
            people.append(Person(step.who, step.ring_ms, party, dial_class, AgentId(step.agent)))
        return tuple(people), next(ids, "")

    async def _kept(self, batch: Sequence[NewParty]) -> Sequence[str]:
        if not batch:
            return ()
        appended = self._content.append(batch)
        try:
            async with asyncio.timeout(KEPT_WITHIN_S):
                await asyncio.wrap_future(appended.synced)
        except TimeoutError as late:
            raise NotSyncedError(f"the numbers were not stored within {KEPT_WITHIN_S:g} s") from late
        return appended.ids


def _name_of_text(site: Site, chosen: EscalationList, texts: Sequence[tuple[str, str]]) -> str:
    """Raises EscalationRefused: there is nothing to say, or nobody would understand it."""
    if not texts:
        if not chosen.has_text:
            raise EscalationRefused(f"list {chosen.name} has no text of its own: say one")
        return f"escalation:{chosen.name}"
    if why := unsaid(texts, site.languages):
        raise EscalationRefused(why)
    return f"escalation:{chosen.name}:{digest(texts)}"


def _number_of(site: Site, chosen: EscalationList, step: EscalationStep) -> tuple[str, str]:
    """In normal form, with its class; both empty: an agent is called, or it is no number."""
    number = read_number(step.number, numbering_of(site, chosen.tenant, "")) if step.number else None
    return ("", "") if number is None else (number.normal, str(number.dial_class))


def flaws(site: Site) -> Iterator[Problem]:
    """What is wrong with the lists, by the numbers of their people and the dial policy."""
    for chosen in site.escalations.values():
        key = f"escalations.{chosen.name}.steps"
        found = [_flaw(site, chosen, step) for step in chosen.steps]
        for place, why in enumerate(found):
            if why:
                yield Problem(chosen.file, f"{key}[{place}].number", why)
        if found and all(found):
            yield Problem(chosen.file, key, "nobody on this list could be called")


def _flaw(site: Site, chosen: EscalationList, step: EscalationStep) -> str:
    """Why he could not be called; empty: he could."""
    if step.agent:
        return ""
    number, dial_class = _number_of(site, chosen, step)
    if not number or dial_class == "unknown":
        return "is no telephone number that could be called"
    if number in {entry.id for entry in site.desk.entries}:
        return "is a number of the desk itself"
    if dial_class in NEVER:
        return f"is never called: it is {dial_class}"
    rule = rule_for(site.desk.outbound, chosen.tenant, ESCALATION, dial_class)
    if rule is None:
        return f'no [[outbound]] rule with the purpose "{ESCALATION}" allows {dial_class} numbers'
    if rule.prefixes and not number.startswith(rule.prefixes):
        return "begins with none of the prefixes of its [[outbound]] rule"
    return ""

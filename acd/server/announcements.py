"""Mass incidents by the words of a supervisor: checked against the desk, ready to be heard, then declared."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from hashlib import blake2b

import structlog
from msgspec.structs import replace

from acd.core.errors import Rejected
from acd.core.events import Event, IncidentChanged, IncidentDeclared, IncidentEnded
from acd.core.state import State
from acd.ports import Announcing, Channel, Words
from acd.server.driver import Driver
from acd.web.control import ClearWish, IncidentRefused, IncidentWish
from agents.capacity import VOICE
from config.entries import entry_id
from config.schema import Site
from config.texts import standard_texts, unsaid
from queues.desk import Desk, Entry, EntryId, Incident, IncidentMode, Line, Medium, TenantId
from queues.incident import Course, covers
from queues.outbound import ALL_CLEAR

_log = structlog.get_logger("acd.announcements")

LEARNT_WITHIN_S = 8.0
"""For a text of two minutes in two languages; the API's answer to a change is waited for that long anyway."""

MOST = 100
"""Incidents at a time."""

Submit = Callable[[Event], Awaitable[int]]


class Announcements:
    """The texts of incidents, at the channels that say them. One declaration at a time."""

    def __init__(self, driver: Driver, channels: Sequence[Channel]) -> None:
        self._driver = driver
        self._channels = [channel for channel in channels if isinstance(channel, Announcing)]
        self._one = asyncio.Lock()

    async def begin(self) -> None:
        """Before the channels start: what was declared before is heard again."""
        state = self._driver.engine.state
        if texts := _texts(state):
            try:
                await self._learn(texts)
            except (OSError, ValueError) as failure:  # its text is silence then; calls go on
                _log.error("texts of incidents cannot be said", error=str(failure))

    async def declare(self, site: Site, incident: Incident, submit: Submit) -> int:
        """Let it be heard from now on; returns what `submit` does.

        Raises IncidentRefused, Rejected, and what `submit` raises.
        """
        async with self._one:
            state = self._driver.engine.state
            if len(state.incidents) >= MOST:
                raise IncidentRefused(f"{MOST} incidents are on already: end one of them")
            incident = replace(incident, entries=tuple(_entry(site, one) for one in incident.entries))
            return await submit(IncidentDeclared(await self._ready(site, incident)))

    async def change(self, site: Site, wish: IncidentWish, submit: Submit) -> int:
        """Let it be another one from now on; raises as `declare`."""
        async with self._one:
            on = self._driver.engine.state.incidents.values()
            before = next((one for one in on if one.id == wish.id), None)
            if before is None:
                raise Rejected(f"incident {wish.id} is not on")
            changed = changed_by(before, wish)
            if changed.texts != before.texts:
                changed = await self._ready(site, changed)
            return await submit(IncidentChanged(changed))

    async def clear(self, wish: ClearWish, submit: Submit) -> int:
        """Let it be over, and whoever is linked to it be told so; raises as `declare`."""
        async with self._one:
            courses = self._driver.engine.state.courses.values()
            found = (one for one in courses if one.incident.id == wish.id and (not one.over_ms or one.waits))
            course = next(found, None)
            if course is None:
                raise Rejected(f"incident {wish.id} is not on")
            if not course.open:
                return await submit(IncidentEnded(wish.id))
            _check_clear(course, wish)
            name = f"all-clear:{wish.id}:{digest(wish.texts)}" if wish.texts else ""
            if name:
                await self._speak({name: wish.texts})
            return await submit(IncidentEnded(wish.id, name, wish.texts))

    async def _speak(self, more: Mapping[str, Sequence[Words]]) -> None:
        """Raises IncidentRefused."""
        try:
            await self._learn({**_texts(self._driver.engine.state), **more})
        except (OSError, ValueError) as failure:
            raise IncidentRefused(str(failure)) from failure

    async def _ready(self, site: Site, incident: Incident) -> Incident:
        """With the name of its text, which can be said now. Raises IncidentRefused."""
        check(site, incident)
        named = replace(incident, greeting=name_of(incident))
        await self._speak(_of([named]))
        return named

    async def say(self, texts: Mapping[str, Sequence[Words]], then: Callable[[], Awaitable[int]]) -> int:
        """Let these be said, too, then do that. Raises OSError or ValueError: they cannot be said."""
        async with self._one:
            await self._learn({**_texts(self._driver.engine.state), **texts})
            return await then()

    async def _learn(self, texts: Mapping[str, Sequence[Words]]) -> None:
        try:
            async with asyncio.timeout(LEARNT_WITHIN_S):
                for channel in self._channels:
                    await channel.learn(texts)
        except TimeoutError as late:
            raise ValueError(f"the text could not be spoken within {LEARNT_WITHIN_S:g} s") from late


def _texts(state: State) -> dict[str, Sequence[Words]]:
    """All that may have to be said of incidents and escalations."""
    clears = {
        one.all_clear: one.all_clear_texts for one in state.courses.values() if one.all_clear and one.open
    }
    going_on = (one for one in state.escalations.values() if one.texts and not one.result)
    lists = {one.text: one.texts for one in going_on}
    return {**_of(state.incidents.values()), **clears, **lists}


def _check_clear(course: Course, wish: ClearWish) -> None:
    """Raises IncidentRefused: somebody who wants to be told would not be, or would not understand it."""
    if wish.silent:
        return
    if not wish.texts:
        who = f"{course.open} callers wait" if course.open > 1 else "one caller waits"
        raise IncidentRefused(f"{who} to be told that it is solved: give a text, or tell nobody")
    if why := unsaid(wish.texts):
        raise IncidentRefused(why)
    given = [language for language, _ in wish.texts]
    for language, _ in course.incident.texts:
        if language not in given:
            raise IncidentRefused(f"there is no text in {language}, in which the incident was told")


def _of(incidents: Iterable[Incident]) -> dict[str, Sequence[Words]]:
    """Those of the incidents, and what is asked after them in their languages."""
    found: dict[str, Sequence[Words]] = {}
    asked: set[str] = set()
    for one in incidents:
        if one.texts:
            found[one.greeting] = one.texts
        if one.mode is IncidentMode.OFFER:
            asked.update(language for language, _ in one.texts)
    return found | (standard_texts(asked) if asked else {})


def name_of(incident: Incident) -> str:
    """By its words: who still hears another text of that incident has not heard this one."""
    return f"incident:{incident.id}:{digest(incident.texts)}"


def digest(texts: Sequence[Words]) -> str:
    """For the name of a text: other words are another one."""
    return blake2b(repr(tuple(texts)).encode(), digest_size=6).hexdigest()


def changed_by(incident: Incident, wish: IncidentWish) -> Incident:
    """The incident as it is wished."""
    wished: dict[str, object] = {
        "texts": wish.texts,
        "expires_ms": wish.expires_ms,
        "vip_exempt": wish.vip_exempt,
    }
    wished |= {"ticket": wish.ticket, "agreed": wish.agreed}
    return replace(incident, **{key: value for key, value in wished.items() if value is not None})


def check(site: Site, incident: Incident) -> None:
    """Raises IncidentRefused: nobody is concerned, or a line's callers would not understand it."""
    _known("client", incident.tenants, [tenant.id for tenant in site.desk.tenants])
    _known("line", incident.lines, [line.id for line in site.desk.lines])
    _known("entry", incident.entries, [entry.id for entry in site.desk.entries])
    _check_media(site, incident.media)
    lines = concerned(site, incident)
    if not lines:
        raise IncidentRefused("no call can come within its scope")
    if incident.mode is IncidentMode.OFFER:
        _check_calls(site, {entry.tenant for entry in entries_of(site.desk, incident)})
    if why := unsaid(incident.texts, site.languages):
        raise IncidentRefused(why)
    spoken = [language for language, _ in incident.texts]
    for line in lines:
        for language in site.line_languages.get(line.id, site.languages):
            if language not in spoken:
                raise IncidentRefused(f"there is no text in {language}, which line {line.id} speaks")


def _check_calls(site: Site, clients: Collection[TenantId]) -> None:
    """Nobody is asked whether he wants to be called whom nothing allows to call."""
    allowed = {rule.tenant for rule in site.desk.outbound if rule.purpose == ALL_CLEAR}
    for client in sorted(clients):
        if not allowed & {"", client}:
            why = f'no [[outbound]] rule with the purpose "{ALL_CLEAR}" for the client {client}'
            raise IncidentRefused(f"nobody could be told when it is solved: there is {why}")


def concerned(site: Site, incident: Incident) -> list[Line]:
    """The lines whose callers may hear it: those of the entries in its scope.

    A line that it names need not be that of an entry, since callers come there by a key, or are handed on.
    """
    entries = entries_of(site.desk, incident)
    reached, clients = {entry.line for entry in entries}, {entry.tenant for entry in entries}
    if not incident.lines:
        return [line for line in site.desk.lines if line.id in reached]
    named = (line for line in site.desk.lines if line.id in incident.lines)
    return [line for line in named if line.id in reached or line.tenant in clients]


def entries_of(desk: Desk, incident: Incident) -> list[Entry]:
    """Those whose callers may hear it, by client, entry and medium."""
    hears = {traits.id for traits in desk.media if traits.hears}
    return [entry for entry in desk.entries if entry.medium in hears and covers(incident, entry)]


def _check_media(site: Site, media: Collection[Medium]) -> None:
    _known("medium", media, site.desk.medium_ids)
    for traits in site.desk.media:
        if traits.id in media and not traits.hears:
            raise IncidentRefused(f'contacts of the medium "{traits.id}" hear nothing')


def _entry(site: Site, written: EntryId) -> EntryId:
    """A number as people write it is that of an entry; what is none stays as it is."""
    known = {entry.id for entry in site.desk.entries}
    number = entry_id(VOICE, written)
    return number if written not in known and number in known else written


def _known(what: str, named: Collection[str], known: Collection[str]) -> None:
    for one in named:
        if one not in known:
            raise IncidentRefused(f'there is no {what} "{one}"')

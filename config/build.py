"""From the tables of a site to the Site: reads each section, then looks at the whole."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agents.skills import SkillId
from config.calendars import read_calendar
from config.checks import check_loops, check_service, warn_idle, warn_strangers, warn_unbounded
from config.desk_table import DeskTable, read_desk_table, read_music
from config.directory_table import read_directory
from config.documents import Document
from config.entries import read_entries
from config.escalations import Beside, read_escalations
from config.heard import warn_languages, warn_unheard
from config.known import Known
from config.kpis import KpiRule, read_kpis
from config.lines import read_line
from config.media import read_media, refuse_leases
from config.opening import CalendarRule
from config.outbound_table import read_outbound
from config.people import People, read_people
from config.schema import DirectorySettings, EscalationList, Names, Passage, Phone, ServerSettings, Site
from config.sections import gather, gather_texts, in_order, raw, single
from config.server_table import read_server
from config.table import RawTable, Reading, Table
from config.talk_limits import read_talk_limit
from config.texts import AGENT, read_languages, read_passages
from config.treatment_checks import check_surveys, warn_treatments
from config.treatment_circles import check_circles, warn_rounds
from config.treatments import Written, read_treatments
from queues.desk import Desk, Entry, EntryId, Line, LineId, MediumTraits, OutboundRule, Tenant, TenantId
from queues.names import TreatmentId

Defaults = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Sections:
    """The sections of all files; lines refer to nearly all of the others."""

    server: ServerSettings
    desk: DeskTable
    tenants: Mapping[str, Table]
    calendars: tuple[CalendarRule, ...]
    skills: Mapping[str, str]
    agents: Mapping[str, Table]
    people: People
    music: Mapping[str, Path | None]
    lines: Mapping[str, Table]
    treatments: Mapping[str, Table]
    channels: Mapping[str, RawTable]
    kpis: tuple[KpiRule, ...]
    media: tuple[MediumTraits, ...]
    directory: DirectorySettings
    escalations: Mapping[str, Table]
    outbound: tuple[OutboundRule, ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the tables of lines and treatments give: texts, languages and names beside them."""

    lines: dict[str, Line]
    prompts: dict[str, tuple[Passage, ...]]
    languages: dict[LineId, tuple[str, ...]]
    names: dict[LineId, str]
    treatments: dict[TreatmentId, Written]


def build_site(
    documents: Sequence[Document], reading: Reading, defaults: Defaults, channels: Collection[str]
) -> Site:
    """The site of these files; of no use if `reading` holds errors afterwards."""
    sections = _read_sections(documents, reading, defaults, channels)
    known = _known(sections)
    lines = _read_lines(sections, known)
    media = [traits.id for traits in sections.media]
    entries = read_entries(documents, defaults["entries"], lines.lines, known, media)
    _check_numbers(entries, sections)
    tenants = {TenantId(name): table.text("name", name) for name, table in sections.tenants.items()}
    desk = _desk(sections, lines, tenants, [entry for entry, _ in entries.values()])
    beside = Beside(sections.tenants, sections.agents, desk.entries, desk.outbound, sections.desk.languages)
    escalations = read_escalations(sections.escalations, beside, lines.prompts)
    for document in documents:
        document.root.finish()
    _check_whole(desk, documents[0].root, sections, lines, reading)
    if not reading.errors:
        warn_unheard(desk, sections.lines, entries)
        warn_unbounded(desk, {name: table for name, (_, table) in entries.items()})
    return _site(desk, sections, lines, tenants, escalations)


def _read_sections(
    documents: Sequence[Document], reading: Reading, defaults: Defaults, channels: Collection[str]
) -> _Sections:
    calendars = gather(documents, "calendars").items()
    skills = gather_texts(documents, "skills")
    agents, tenants = gather(documents, "agents", defaults["agents"]), gather(documents, "tenants")
    server = read_server(single(documents, "server", defaults["server"]), tenants, agents)
    tables = {name: table for name in channels if (table := raw(documents, name, reading)) is not None}
    media_tables = gather(documents, "media")
    media = read_media(media_tables)
    refuse_leases(media_tables, media, tables)
    directory = read_directory(single(documents, "directory", defaults["directory"]), tenants)
    names = [traits.id for traits in media]
    return _Sections(
        server=server,
        desk=read_desk_table(single(documents, "desk", defaults["desk"]), names),
        tenants=tenants,
        calendars=tuple(read_calendar(name, table, server.timezone) for name, table in calendars),
        skills=skills,
        agents=agents,
        people=read_people(agents, gather(documents, "groups"), skills, names),
        music=read_music(documents),
        lines=gather(documents, "lines", defaults["lines"]),
        treatments=gather(documents, "treatments"),
        channels=tables,
        kpis=read_kpis(gather(documents, "kpi")),
        media=media,
        directory=directory,
        escalations=gather(documents, "escalations"),
        outbound=read_outbound(in_order(documents, "outbound"), directory.regions, tables),
    )


def _known(sections: _Sections) -> Known:
    return Known(
        tenants=sections.tenants,
        calendars={str(rule.id): rule for rule in sections.calendars},
        lines=sections.lines,
        music=sections.music,
        treatments=sections.treatments,
        people=sections.people,
    )


def _read_lines(sections: _Sections, known: Known) -> _Lines:
    languages, prompts = sections.desk.languages, dict[str, tuple[Passage, ...]]()
    treatments = read_treatments(sections.treatments, known, languages, prompts)
    read = _Lines({}, prompts, {}, {}, treatments)
    for name, table in sections.lines.items():
        line = LineId(name)
        read.names[line] = table.text("name", name)
        read.languages[line] = read_languages(table, languages)
        passages = read_passages(table, "greeting", read.languages[line], languages, "line")
        greeting = f"greeting:{name}" if passages else ""
        if passages:
            read.prompts[greeting] = passages
        to_agent = read_passages(table, "whisper", read.languages[line][:1], languages, AGENT)
        whisper = f"whisper:{name}" if to_agent else ""
        if to_agent:
            read.prompts[whisper] = to_agent
        sorry = read_passages(table, "reconnect", read.languages[line], languages, "line")
        reconnect = f"reconnect:{name}" if sorry else ""
        if sorry:
            read.prompts[reconnect] = sorry
        limit, told = read_talk_limit(name, table, known, (read.languages[line], languages))
        if limit is not None and told:
            read.prompts[limit.text] = told
        read.lines[name] = read_line(
            name, table, known, greeting=greeting, whisper=whisper, reconnect=reconnect, talk_limit=limit
        )
    return read


def _desk(
    sections: _Sections, lines: _Lines, tenants: Collection[TenantId], entries: Collection[Entry]
) -> Desk:
    return Desk(
        tenants=tuple(map(Tenant, tenants)),
        lines=tuple(lines.lines.values()),
        entries=tuple(entries),
        agents=sections.people.agents,
        pause_reasons=sections.desk.pause_reasons,
        no_answer_reason=sections.desk.no_answer_reason,
        interrupts=sections.desk.interrupts,
        media=sections.media,
        device_grace_ms=sections.desk.device_grace_ms,
        leg_grace_ms=sections.desk.leg_grace_ms,
        treatments=tuple(written.treatment for written in lines.treatments.values()),
        outbound=sections.outbound,
    )


def _check_numbers(entries: Mapping[EntryId, tuple[Entry, Table]], sections: _Sections) -> None:
    """A phone that is dialled like an entry would be reached by nobody."""
    for user, phone in sections.people.phones.items():
        if EntryId(user) in entries:
            sections.agents[phone.agent].error("phone", f'"{user}" is an entry too')


def _check_whole(desk: Desk, root: Table, sections: _Sections, lines: _Lines, reading: Reading) -> None:
    """Checks that make sense only when each section is right by itself."""
    check_loops(lines.lines, sections.lines)
    check_circles(lines.treatments, desk)
    check_surveys(lines.treatments, desk)
    for name, some in (("tenants", desk.tenants), ("lines", desk.lines), ("agents", desk.agents)):
        if not some and name not in root:
            root.error(name, "missing key (a desk needs at least one)")
    if not reading.errors:
        check_service(desk, sections.lines)
        warn_idle(desk, sections.lines, sections.agents)
        warn_strangers(desk, sections.lines, {file.tenant for file in sections.directory.files})
        warn_treatments(lines.treatments, desk)
        warn_rounds(lines.treatments, desk)
        warn_languages(desk, sections.lines, lines.languages, lines.treatments)


def _site(
    desk: Desk,
    sections: _Sections,
    lines: _Lines,
    tenants: dict[TenantId, str],
    escalations: Mapping[str, EscalationList],
) -> Site:
    names = Names(
        tenants=MappingProxyType(tenants),
        lines=MappingProxyType(lines.names),
        agents=MappingProxyType(dict(sections.people.names)),
        skills=MappingProxyType({SkillId(skill): name for skill, name in sections.skills.items()}),
    )
    phones: dict[str, Phone] = dict(sections.people.phones)
    return Site(
        desk=desk,
        calendars=sections.calendars,
        server=sections.server,
        names=names,
        languages=sections.desk.languages,
        line_languages=MappingProxyType(lines.languages),
        prompts=MappingProxyType(lines.prompts),
        music=MappingProxyType(dict(sections.music)),
        phones=MappingProxyType(phones),
        channels=MappingProxyType(dict(sections.channels)),
        kpis=sections.kpis,
        directory=sections.directory,
        escalations=MappingProxyType(dict(escalations)),
    )

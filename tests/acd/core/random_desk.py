"""Random desks, calendars and incidents: small, and using everything there is."""

from random import Random
from typing import Any

from msgspec.structs import replace

from agents.capacity import FAX, MAIL, VOICE, Medium
from agents.skills import AgentId, Alternative, SkillId
from queues.desk import (
    DEFAULT_MEDIA,
    Agent,
    Calendar,
    CalendarId,
    CallbackRule,
    Desk,
    Entry,
    EntryId,
    Incident,
    IncidentId,
    IncidentMode,
    LastAgentRule,
    Line,
    LineId,
    MediumTraits,
    Order,
    OutboundRule,
    Overflow,
    Policy,
    Promotion,
    Relaxation,
    TalkLimit,
    Tenant,
    TenantId,
    Way,
    WrapUpRule,
)
from queues.names import TreatmentId
from queues.treatment import (
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    Step,
    Treatment,
    When,
)

START_MS = 1_000_000
CHAT = Medium("chat")
MEDIA = [VOICE, MAIL, FAX, CHAT]
CODES = ("reset", "printer")


def random_calendar(rng: Random, name: str, now_ms: int) -> Calendar:
    """Openings from before the start to well after `now_ms`; often reaching over it."""
    opens: list[tuple[int, int]] = []
    t_ms = START_MS - rng.randrange(60_000)
    while t_ms < now_ms + 600_000 and len(opens) < 60:
        close_ms = t_ms + rng.randrange(5_000, 120_000)
        opens.append((t_ms, close_ms))
        t_ms = close_ms + rng.randrange(1, 60_000)
    return Calendar(CalendarId(name), tuple(opens))


def _alternatives(rng: Random) -> tuple[Alternative, ...]:
    def one() -> Alternative:
        skills = sorted(rng.sample(range(5), rng.choice((0, 1, 1, 1, 1, 2, 2))))
        return tuple((SkillId(f"s{skill}"), rng.choice((1, 1, 2, 3))) for skill in skills)

    return tuple(dict.fromkeys(one() for _ in range(rng.choice((1, 1, 2)))))


def _way(rng: Random, lines: int) -> Way:
    if rng.random() < 0.6:
        return Way(Overflow.LINE, LineId(f"l{rng.randrange(lines)}"))
    return Way()


def _way_or_treatment(rng: Random, lines: int) -> Way:
    if rng.random() < 0.3:
        return Way(Overflow.TREATMENT, None, TreatmentId(f"t{rng.randrange(5)}"))
    return _way(rng, lines)


def _wrap_up(rng: Random) -> WrapUpRule:
    kind = rng.randrange(5)
    if kind < 2:
        return WrapUpRule()
    if kind == 2:
        return WrapUpRule(3_000, (), False, 4_000)
    return WrapUpRule(rng.choice((0, 2_000)), CODES, kind == 4, 5_000)


def _line(rng: Random, number: int, lines: int) -> Line:
    steps = sorted(rng.sample(range(1_000, 20_000), rng.choice((0, 0, 1, 2))))
    near = Promotion(rng.choice((500, 4_000)), rng.randrange(3)) if rng.random() < 0.4 else None
    max_wait_ms = rng.choice((0, 0, 8_000, 25_000))
    return Line(
        id=LineId(f"l{number}"),
        tenant=TenantId("t"),
        needs=_alternatives(rng),
        priority_class=rng.choice((3, 5, 5, 5)),
        target_ms=rng.choice((7_000, 10_000, 10_000, 13_001)),
        calendar=CalendarId(rng.choice(("", "", "c0", "c1"))),
        hours=CalendarId(rng.choice(("", "", "", "c1"))),
        policy=rng.choice(list(Policy)),
        relaxations=tuple(Relaxation(after_ms, _alternatives(rng)) for after_ms in steps),
        promotion=near,
        target_warning_ms=rng.choice((0, 0, 2_000)),
        ring_ms=rng.choice((2_000, 5_000)),
        ring_at_once=rng.choice((1, 1, 2, 3)),
        retry_tried_ms=rng.choice((500, 4_000)),
        max_wait_ms=max_wait_ms,
        max_length=rng.choice((0, 0, 3, 8)),
        when_waited=_way(rng, lines),
        when_full=_way_or_treatment(rng, lines),
        when_closed=_way_or_treatment(rng, lines),
        wrap_up=_wrap_up(rng),
        callback=CallbackRule(
            rng.choice(list(Order)),
            rng.randrange(1, 4),
            rng.choice((1_000, 6_000)),
            4_000,
            rng.choice((9_000, 40_000)),
            rng.random() < 0.7,
        ),
        greeting=rng.choice(("", "welcome")),
        greeting_mandatory=rng.random() < 0.5,
        announce_every_ms=rng.choice((0, 3_000)),
        treatment=_treatment(rng),
        survey=_treatment(rng),
        level=rng.choice((1, 1, 2)),
        whisper=rng.choice(("", "", "to him")),
        reconnect=rng.choice(("", "sorry")),
    )


def _remembering(rng: Random, line: Line) -> Line:
    within_ms, wait_ms = rng.choice((0, 5_000, 60_000, 600_000)), rng.choice((0, 3_000, 9_000))
    limit = TalkLimit(
        rng.choice((0, 3_000)),
        "too long",
        rng.choice((0, 2_000)),
        rng.choice((0, 8_000)),
        rng.choice((None, LineId("l0"))),
    )
    return replace(
        line, last_agent=LastAgentRule(within_ms, wait_ms), talk_limit=limit if rng.random() < 0.3 else None
    )


def _agent(rng: Random, number: int) -> Agent:
    skills = sorted(rng.sample(range(5), rng.randrange(1, 5)))
    capacity = [(medium, rng.choice((1, 1, 2))) for medium in MEDIA if rng.random() < 0.75]
    return Agent(
        AgentId(f"a{number}"),
        tuple((SkillId(f"s{skill}"), rng.randrange(1, 5)) for skill in skills),
        tuple(capacity) or ((VOICE, 1),),
    )


def _media(rng: Random) -> tuple[MediumTraits, ...]:
    """The usual three and one of its own."""
    leg = rng.random() < 0.5
    lease_ms = rng.choice((0, 9_001, 30_001)) if leg else 0
    chat = MediumTraits(
        CHAT, leg and rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.5, leg, lease_ms, mixes=leg
    )
    fax = MediumTraits(FAX, receive_ms=rng.choice((3_001, 12_001)))
    voice = replace(DEFAULT_MEDIA[0], mixes=rng.random() < 0.7)
    own = {FAX: fax, VOICE: voice}
    return (*(own.get(one.id, one) for one in DEFAULT_MEDIA), chat)


def _outbound(rng: Random) -> tuple[OutboundRule, ...]:
    """Foreign numbers are never allowed; the others mostly, some of them one at a time."""
    rules = (
        OutboundRule("callback", ("local",), "sip", TenantId("u")),
        _capped(rng, "callback", ("local",), "sip", TenantId("t")),
        _capped(rng, "callback", ("mobile", "local", "premium"), "other"),
        _capped(rng, "escalation", ("foreign", "mobile"), "sip"),
        _capped(rng, "consult", ("local", "mobile"), "sip"),
        _capped(rng, "all_clear", ("local", "mobile"), "sip"),
        _capped(rng, "divert", ("mobile", "emergency"), "sip"),
    )
    return rules[: rng.choice((0, 7, 7, 7))]


def _capped(rng: Random, *what: Any) -> OutboundRule:
    rule = OutboundRule(*what)
    return replace(
        rule, at_once=rng.choice((1, 5)), per_hour=rng.choice((0, 0, 40)), per_number=rng.choice((0, 0, 0, 8))
    )


def _treatment(rng: Random) -> TreatmentId:
    """Mostly none; one in five of those there are is missing."""
    return TreatmentId(rng.choice(("", "", "", "t0", "t1", "t2", "t3", "t4")) if rng.random() < 0.6 else "")


def _steps(rng: Random) -> tuple[Step, ...]:
    """Any steps in any order: also circles in which nothing takes time, and steps nobody comes to."""
    return tuple(_step(rng) for _ in range(rng.randrange(5)))


def _step(rng: Random) -> Step:
    to, line = TreatmentId(f"t{rng.randrange(5)}"), LineId(f"l{rng.randrange(4)}")
    keys = tuple((key, TreatmentId(f"t{rng.randrange(5)}")) for key in rng.choice(("1", "12", "*")))
    condition = rng.choice(list(Condition))
    steps: tuple[Step, ...] = (
        Say(rng.choice(("one", "two"))),
        SayPosition(),
        SayExpectedWait(),
        Music("calm", rng.choice((0, 2_000, 5_000))),
        Menu("choose", keys, rng.choice((1_000, 4_000)), "default"),
        When(condition, to, rng.choice((0, 1, 3_000))),
        GoOn(to),
        Enqueue(rng.choice((None, line))),
        Collect("type", rng.choice(("customer", "ticket")), 3, 2_000, "default"),
        Record(rng.choice((2_000, 10_000))),
        Park(rng.choice(("callback", "callback", "voicemail"))),
        SetLanguage(rng.choice(("de", "en"))),
        End(),
    )
    return rng.choices(steps, (4, 2, 2, 4, 4, 3, 1, 2, 2, 3, 3, 1, 1))[0]


def random_desk(seed: int, now_ms: int = START_MS) -> Desk:
    """A small desk that uses everything there is; ids overlap from seed to seed, rules do not."""
    rng = Random(seed)
    lines, agents = rng.randrange(1, 6), rng.sample(range(9), rng.randrange(2, 8))
    entries = [
        Entry(
            EntryId(f"e{number}{medium}"),
            TenantId("t"),
            LineId(f"l{number}"),
            medium,
            rng.choice((None, None, 1)),
            rng.choice((0, 0, 4_000)),
            _treatment(rng),
        )
        for number in range(lines)
        for medium in MEDIA
    ]
    opened = Desk(
        (Tenant(TenantId("t")),),
        (random_calendar(rng, "c0", now_ms), random_calendar(rng, "c1", now_ms)),
        tuple(_line(rng, number, lines) for number in range(lines)),
        tuple(entries),
        tuple(_agent(rng, number) for number in agents),
        media=_media(rng),
        device_grace_ms=rng.choice((1_000, 4_000, 30_000)),
        leg_grace_ms=rng.choice((1_500, 3_000, 90_000)),
        interrupts=((VOICE, MAIL), (VOICE, FAX), (FAX, MAIL)),
        outbound=_outbound(rng),
        treatments=tuple(Treatment(TreatmentId(f"t{number}"), _steps(rng)) for number in range(4)),
    )
    return replace(opened, lines=tuple(_remembering(rng, line) for line in opened.lines))


def random_incident(rng: Random, now_ms: int) -> Incident:
    """Four ids, so that some are on already; some without a text, some over before they begin."""
    return Incident(
        id=IncidentId(f"i{rng.randrange(4)}"),
        greeting=rng.choice(("", "down", "down", "slow", "slow")),
        mode=rng.choice((*IncidentMode, IncidentMode.OFFER)),
        expires_ms=now_ms + rng.choice((0, 4_000, 20_000, 60_000)),
        tenants=rng.choice(((), (), (TenantId("t"),), (TenantId("u"),))),
        lines=rng.choice(((), (), (LineId("l0"),), (LineId("l1"), LineId("l9")))),
        entries=rng.choice(((), (), (), (EntryId("e0voice"), EntryId("e0mail")))),
        media=rng.choice(((), (), (), (VOICE,), (MAIL, VOICE), (MAIL,))),
        vip_exempt=rng.random() < 0.5,
        mandatory=rng.random() < 0.6,
        warn_ms=rng.choice((0, 0, 3_000, 30_000)),
    )

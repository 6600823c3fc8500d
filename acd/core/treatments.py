"""Treatments: beginning and ending one, and the list that is played; what each step does says `steps`."""

from msgspec.structs import replace

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.state import State
from queues.contact import NO_INCIDENT, Contact
from queues.desk import Line, TenantId
from queues.names import IncidentId, TreatmentId
from queues.states import ContactState
from queues.treatment import (
    NO_TREATMENT,
    Collect,
    GoOn,
    Menu,
    Music,
    Phrase,
    Playlist,
    Say,
    SayPosition,
    Step,
    Walk,
)

LONGEST_TEXT_MS = 600_000
"""Whose end is not reported within this time is taken for heard: media may die without a word."""

NO_TENANT = TenantId("")

NOTHING_YET = Playlist()
"""Of a walk that begins, or begins anew."""

HEARS_ON = ("arrived", "overflow", "callback", "called in")
"""Why a contact enters a line when it hears music already."""


def steps_of(lines: tuple[Line, ...]) -> dict[TreatmentId, tuple[Step, ...]]:
    """What lines without a treatment of their own stand for."""
    found: dict[TreatmentId, tuple[Step, ...]] = {}
    for line in lines:
        if line.greeting:
            found[greeting_of(line)] = (Say(line.greeting),)
        if line.announce_every_ms and not line.treatment:
            again = waiting_in(line)
            found[again] = (Music(line.music, line.announce_every_ms), SayPosition(), GoOn(again))
    return found


def greeting_of(line: Line) -> TreatmentId:
    """For who arrives at an entry without a treatment."""
    return TreatmentId(f"greeting of {line.id}")


def waiting_in(line: Line) -> TreatmentId:
    """For who waits there; none: nothing but music."""
    if line.treatment or not line.announce_every_ms:
        return line.treatment
    return TreatmentId(f"waiting in {line.id}")


def begin(
    state: State, contact: Contact, treatment: TreatmentId, *says: Phrase, turned_away: str = ""
) -> None:
    """From its first step, once the desk comes to rest; `says` comes before it."""
    if contact.walk is not None:
        stop(state, contact)
    contact.walk = Walk(treatment, says=says, turned_away=turned_away)
    state.untreated[contact.id] = contact


def stop(state: State, contact: Contact) -> None:
    """Nothing of it is waited for any more."""
    contact.walk = contact.interrupted = contact.recording = None
    state.deadlines.clear(Kind.TREATMENT, contact.id)
    state.untreated.pop(contact.id, None)


def give_place_back(state: State, contact: Contact) -> None:
    """It counts no more in the line whose greeting it heard, though it was in none."""
    contact.reserves = False
    state.board.greet(contact.line, -1)


def wait_with(state: State, contact: Contact, line: Line, heard: str) -> None:
    """It has just entered `line`: what it hears there from now on; `heard`: the music that it hears now."""
    if contact.walk is not None or contact.parked or not state.media[contact.medium].hears:
        return
    treatment = waiting_in(line)
    if treatment:
        begin(state, contact, treatment)
    elif line.music != heard:
        _play(state, contact, Playlist(music=line.music), (NO_TREATMENT, 0), first=False)


def play_music(state: State, contact: Contact, music: str) -> None:
    """Its agent is aside: nobody talks to it, and it is in no line."""
    if state.media[contact.medium].hears:
        _play(state, contact, Playlist(music=music), (NO_TREATMENT, 0), first=False)


def _play(state: State, contact: Contact, hears: Playlist, at: tuple[TreatmentId, int], first: bool) -> None:
    """Replace what it hears. It has another number, so that whatever is told of the one before is stale."""
    contact.visit += 1
    heard = contact.id, contact.visit
    state.order(played(contact, hears))
    says = tuple(phrase.text for phrase in hears.says)
    told = says, hears.music, hears.keys, hears.language, first
    state.tell(facts.Treated(state.now_ms, *heard, *at, *told))  # type: ignore[arg-type]


def played(contact: Contact, hears: Playlist) -> effects.TreatContact:
    """What the channel is to do."""
    tenant = contact.tenant if hears.records_ms or hears.collects else NO_TENANT
    return effects.TreatContact(contact.id, contact.visit, hears, tenant, carrier=contact.carrier)


def rest(
    state: State,
    contact: Contact,
    music: str,
    *,
    for_ms: int = 0,
    menu: Menu | None = None,
    end: bool = False,
    records_ms: int = 0,
    collect: Collect | None = None,
) -> None:
    """Play the texts that were collected, then music, for so long; or only until the texts `end`."""
    walk = contact.walk
    assert walk is not None
    says, walk.says = walk.says, ()
    reports = bool(says) and (end or for_ms > 0)
    keys = menu.accepted if menu is not None else ""
    walk.hears = Playlist(says, music, reports, keys, contact.language if says else "", records_ms)
    if collect is not None:
        walk.hears = replace(walk.hears, collects=collect.most, collect_ms=collect.for_ms)
    walk.collect = collect
    walk.menu, walk.for_ms, walk.heard = menu, for_ms, not says
    _play(state, contact, walk.hears, _at(walk), first=end)
    await_it(state, contact, walk)


def _at(walk: Walk) -> tuple[TreatmentId, int]:
    return walk.treatment, max(0, walk.step - 1)


def music_heard(line: Line, cause: str) -> str:
    """The music that a contact without a treatment hears when it leaves `line` for this cause, if any."""
    return line.music if cause in HEARS_ON else ""


def say_alone(
    state: State, contact: Contact, text: Phrase, *, end: bool, about: IncidentId = NO_INCIDENT
) -> None:
    """Play the text by itself, and then the music of its line."""
    turned_away = contact.walk.turned_away if contact.walk is not None else ""
    contact.walk = Walk(NO_TREATMENT, says=(text,), turned_away=turned_away, about=about)
    rest(state, contact, state.lines[contact.line].music, end=end)


def put_between(state: State, contact: Contact, text: Phrase, about: IncidentId = NO_INCIDENT) -> None:
    """It hears the text now, and then goes on with what it heard, or what it was about to hear."""
    walk = contact.walk
    if walk is not None and contact.id in state.untreated:
        walk.says = (text, *walk.says)
        return
    say_alone(state, contact, text, end=walk is not None, about=about)
    if walk is None:  # nothing but music
        stop(state, contact)
    else:
        contact.interrupted = walk


def unsay(walk: Walk | None, text: str) -> None:
    """That text is not to be heard again when this walk goes on; what was to be heard after it is."""
    if walk is None:
        return
    walk.says = tuple(phrase for phrase in walk.says if phrase.text != text)
    left = tuple(phrase for phrase in walk.hears.says if phrase.text != text)
    if left or not walk.hears.says:
        walk.hears = replace(walk.hears, says=left)
    elif walk.for_ms or not walk.hears.reports:
        walk.hears, walk.heard = replace(walk.hears, says=(), reports=False), True
    else:  # nothing but its end was waited for
        walk.hears = NOTHING_YET


def connect_again(state: State, contact: Contact, line: Line) -> None:
    """It has lost its agent of `line` and waits again: it hears so, and then what one hears who waits."""
    hears = state.media[contact.medium].hears and not contact.parked
    if line.reconnect and hears and contact.state is ContactState.WAITING:
        put_between(state, contact, Phrase(line.reconnect))


def resume(state: State, contact: Contact, walk: Walk) -> None:
    """Go on with what was interrupted: a text from its beginning, and all time in full."""
    contact.walk, contact.interrupted = walk, None
    if walk.hears == NOTHING_YET:
        state.untreated[contact.id] = contact
        return
    hears = _what_is_left(walk, walk.hears.music)
    _play(state, contact, hears, _at(walk), first=hears.reports and not walk.for_ms)
    await_it(state, contact, walk)


def await_it(state: State, contact: Contact, walk: Walk) -> None:
    """Set the deadline of what is waited for: its full length from now, also if this `Tick` is late.

    Nobody is to hear all at once what was missed.
    """
    length_ms = walk.for_ms
    if not walk.heard and walk.hears.reports:
        length_ms = LONGEST_TEXT_MS * len(walk.hears.says)
    if length_ms:
        state.deadlines.set(Kind.TREATMENT, contact.id, state.event_ms + length_ms)
    else:
        state.deadlines.clear(Kind.TREATMENT, contact.id)


def await_anew(state: State) -> None:
    """After a restart: what is waited for has its full length again."""
    for contact in state.contacts.values():
        if contact.walk is not None and state.deadlines.get(Kind.TREATMENT, contact.id) is not None:
            await_it(state, contact, contact.walk)


def texts_over(state: State, contact: Contact, walk: Walk) -> None:
    """The texts were heard: the music, or the key, is waited for; or it goes on."""
    walk.heard = True
    if walk.for_ms:
        await_it(state, contact, walk)
    else:
        state.deadlines.clear(Kind.TREATMENT, contact.id)
        state.untreated[contact.id] = contact


def standing(contact: Contact, line: Line) -> Playlist | None:
    """What it ought to hear, for a restart; None: the music of its line. No text that nobody waits for."""
    walk = contact.walk
    if walk is None or not contact.visit:
        return None
    return _what_is_left(walk, walk.hears.music or line.music)


def _what_is_left(walk: Walk, music: str) -> Playlist:
    hears = walk.hears
    if hears.reports and not walk.heard:
        return hears
    return replace(hears, says=(), music=music, reports=False, language="")

"""What is said about treatments that are wrong, or of no use."""

from collections.abc import Callable

import pytest

Said = Callable[..., tuple[list[str], list[str]]]

ENTRY = '[entries.voice."+49 30 555 0101"]'
OUTBOUND = '[sip]\n[[outbound]]\npurpose = "callback"\nclasses = ["foreign"]\n'
HELLO = '{ say = { en = "Hello", de = "Hallo" } }'
ASK = 'menu = { en = "Which?", de = "Was?" }'
MUSIC = '{ music = "default", for = "30s" }'


def treatment(name: str, *steps: str) -> str:
    return f"[treatments.{name}]\nsteps = [{', '.join(steps)}]\n"


def at_entry(small: str, name: str) -> str:
    return small.replace(ENTRY, f'{ENTRY}\ntreatment = "{name}"')


def at_line(small: str, name: str) -> str:
    return small.replace('target = "20s"', f'target = "20s"\ntreatment = "{name}"')


def when_closed(small: str, name: str) -> str:
    return small.replace('target = "20s"', f'hours = "office"\nwhen_closed = {{ treatment = "{name}" }}')


def spare(*more: str) -> str:
    lines = "\n".join(more)
    return f'[lines.spare]\ntenant = "acme"\ngroups = ["experts"]\n{lines}\n'


ALL_KINDS = "say, position, music, menu, when, then, enqueue, park, language, end"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{ sya = {} }", '.sya: unknown key, did you mean "say"?'),
        ("{ xyzzy = 1 }", ".xyzzy: unknown key"),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, four = 1 }}", '.four: unknown key, did you mean "for"?'),
        ("{}", ": not a step: none of say, position, music, menu, when, then, enqueue, park, language, end"),
        (
            "{ for = 3 }",
            ": not a step: none of say, position, music, menu, when, then, enqueue, park, language, end",
        ),
        ("{ say = {}, end = true }", ": one step cannot be both: say, end"),
        ('{ music = "default", then = "a" }', ": one step cannot be both: music, then"),
        ("{ when = 'vip', then = 'a', music = 'default' }", ": one step cannot be both: when, music"),
        (HELLO.replace(" }", ", xx = 'X' }", 1), ".say.xx: unknown key"),
        ("{ say = { en = 'Hello' } }", ".say.de: missing key (the treatment speaks this language)"),
        ("{ say = {} }", ".say: must not be empty"),
        ("{ say_files = {} }", ".say_files: must not be empty"),
        ("{ say = 'Hello' }", ".say: must be a table, not a text"),
        (
            "{ say = { en = 'Hello', de = 'Hallo' }, say_files = { de = 'site.toml' } }",
            ".say_files.de: there is a text too, give one of them",
        ),
        (
            "{ say_files = { en = 'site.toml', de = 'hallo.wav' } }",
            ".say_files.de: there is no file hallo.wav",
        ),
        (HELLO.replace("} }", "}, for = 3 }"), '.for: does not go with "say"'),
        ("{ position = false }", ".position: must be true"),
        ("{ position = 1 }", ".position: must be true or false, not a whole number"),
        ("{ music = 'jazz' }", '.music: unknown music "jazz"'),
        ("{ music = '' }", ".music: must not be empty"),
        ("{ music = 'default', for = '900ms' }", ".for: must be at least 1s"),
        (f"{{ {ASK} }}", ".keys: a menu needs a key"),
        (f"{{ {ASK}, keys = {{}} }}", ".keys: a menu needs a key"),
        (f"{{ {ASK}, keys = 1 }}", ".keys: must be a table, not a whole number"),
        (f"{{ {ASK}, keys = {{ A = 'a' }} }}", '.keys: "A" is none of the keys 0-9, * and #'),
        (f"{{ {ASK}, keys = {{ 12 = 'a' }} }}", '.keys: "12" is none of the keys 0-9, * and #'),
        (f"{{ {ASK}, keys = {{ '' = 'a' }} }}", '.keys: "" is none of the keys 0-9, * and #'),
        (f"{{ {ASK}, keys = {{ 1 = 'b' }} }}", '.keys.1: unknown treatment "b"'),
        (f"{{ {ASK}, keys = {{ 1 = 1 }} }}", ".keys.1: must be a text, not a whole number"),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, for = 0.5 }}", ".for: must be at least 1s"),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, for = '301s' }}", ".for: must be at most 300s"),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, music = 'jazz' }}", '.music: unknown music "jazz"'),
        (
            "{ menu = { en = 'W' }, keys = { 1 = 'a' } }",
            ".menu.de: missing key (the treatment speaks this language)",
        ),
        (
            "{ when = 'vop', then = 'a', least = 3 }",
            '.when: "vop" is none of vip, waited, behind, nobody, callback',
        ),
        ("{ when = 'vip' }", ".then: missing key"),
        ("{ when = 'vip', then = 'b' }", '.then: unknown treatment "b"'),
        ("{ when = 'vip', then = 'a', least = 3 }", '.least: does not go with "vip"'),
        ("{ when = 'waited', then = 'a' }", ".least: missing key"),
        ("{ when = 'waited', least = 0, then = 'a' }", ".least: must be at least 1s"),
        ("{ when = 'behind', then = 'a' }", ".least: missing key"),
        ("{ when = 'behind', least = '2m', then = 'a' }", ".least: must be a whole number, not a text"),
        ("{ when = 'behind', least = 0, then = 'a' }", ".least: must be at least 1, not 0"),
        ("{ then = 'b' }", '.then: unknown treatment "b"'),
        ("{ then = 'a', least = 3 }", '.least: does not go with "then"'),
        ("{ enqueue = 'hepl' }", '.enqueue: unknown line "hepl", did you mean "help"?'),
        ("{ enqueue = false }", ".enqueue: must be true or a line"),
        ("{ park = 'voicemail' }", '.park: "voicemail" is none of callback'),
        ("{ park = true }", ".park: must be a text, not true or false"),
        ("{ language = 'fr' }", '.language: unknown language "fr"'),
        ("{ end = false }", ".end: must be true"),
    ],
)
def test_a_wrong_step_has_its_own_message(said: Said, small: str, step: str, message: str) -> None:
    """Whatever leads back to the treatment takes time, so that no circle is told of beside it."""
    errors, _ = said(at_entry(small, "a") + treatment("a", MUSIC, step))
    assert errors == [f"site.toml: treatments.a.steps[1]{message}"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[treatments.a]", "treatments.a.steps: missing key"),
        ("[treatments.a]\nsteps = []", "treatments.a.steps: must not be empty"),
        ("[treatments.a]\nsteps = {}", "treatments.a.steps: must be a list, not a table"),
        ("[treatments.a]\nsteps = [1]", "treatments.a.steps: element 1 must be a table, not a whole number"),
        (
            treatment("a", HELLO) + "langauges = ['de']",
            'treatments.a.langauges: unknown key, did you mean "languages"?',
        ),
        (
            treatment("a", HELLO) + "languages = ['en', 'de', 'fr']",
            'treatments.a.languages: unknown language "fr"',
        ),
        (treatment("a", "{ end = true }") + "languages = []", "treatments.a.languages: must not be empty"),
        (
            treatment("a b", HELLO).replace("a b", '"a b"'),
            'treatments."a b": not an id: letters, digits, "-", "_" and "." only, 64 at most',
        ),
    ],
)
def test_a_wrong_treatment_has_its_own_message(said: Said, small: str, toml: str, message: str) -> None:
    """An id without a blank is never that of what lines without a treatment have instead."""
    errors, _ = said(small + toml)
    if "fr" in toml:
        errors.remove(
            "site.toml: treatments.a.steps[0].say.fr: missing key (the treatment speaks this language)"
        )
    assert errors == [f"site.toml: {message}"]


def test_whoever_names_a_treatment_names_one_that_there_is(said: Said, small: str) -> None:
    """Entries, lines and ways out; a way for who waited too long is none of them."""
    ways = 'when_full = { treatment = "c" }\nwhen_closed = { treatment = "d" }\nmax_length = 1\n'
    more = ways + 'hours = "office"\nmax_wait = 9\nwhen_waited = { treatment = "e" }\ntarget'
    errors, warnings = said(at_line(at_entry(small, "a"), "b").replace("target", more, 1))
    assert sorted(errors) == [
        'site.toml: entries.voice."+49 30 555 0101".treatment: unknown treatment "a"',
        'site.toml: lines.help.treatment: unknown treatment "b"',
        'site.toml: lines.help.when_closed.treatment: unknown treatment "d"',
        'site.toml: lines.help.when_full.treatment: unknown treatment "c"',
        "site.toml: lines.help.when_waited: must be a text, not a table",
    ]
    assert warnings == []


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("{}", ".treatment: missing key"),
        ('{ treatment = "" }', ".treatment: must not be empty"),
        ('{ treatment = "a", line = "help" }', ".line: unknown key"),
        ("true", ": must be a text, not true or false"),
    ],
)
def test_a_way_is_a_text_or_a_treatment(said: Said, small: str, way: str, message: str) -> None:
    site = when_closed(small, "a").replace('{ treatment = "a" }', way) + treatment("a", HELLO)
    errors, _ = said(site)
    assert errors[0] == f"site.toml: lines.help.when_closed{message}"


def test_a_way_needs_its_limit(said: Said, small: str) -> None:
    site = when_closed(small, "a").replace('hours = "office"', "") + treatment("a", HELLO)
    assert said(site) == ([], ["site.toml: lines.help.when_closed: has no effect without hours"])


ALL_OF_IT = (
    HELLO,
    f"{{ {ASK}, keys = {{ 0 = 'b', '*' = 'b', '#' = 'a' }}, for = '5m', music = 'default' }}",
    "{ when = 'vip', then = 'b' }",
    "{ when = 'behind', least = 1, then = 'b' }",
    "{ when = 'nobody', then = 'b' }",
    "{ enqueue = true }",
    "{ position = true }",
    MUSIC,
    "{ when = 'waited', least = '1s', then = 'b' }",
    "{ when = 'callback', then = 'b' }",
    "{ park = 'callback' }",
    "{ then = 'b' }",
)


def test_a_treatment_that_uses_everything_is_right(said: Said, small: str) -> None:
    site = at_entry(small, "a") + treatment("a", *ALL_OF_IT) + treatment("b", MUSIC, "{ end = true }")
    assert said(site + OUTBOUND) == ([], [])


def test_all_mistakes_of_treatments_are_told_at_once(said: Said, small: str) -> None:
    """Those of the steps, of references and of the whole."""
    wrong = treatment("a", "{ sya = {} }", "{ music = 'jazz', for = 1 }", "{ then = 'b' }")
    errors, _ = said(at_line(at_entry(small, "c"), "b") + wrong + treatment("b", "{ then = 'b' }"))
    assert errors == [
        'site.toml: treatments.a.steps[1].music: unknown music "jazz"',
        'site.toml: entries.voice."+49 30 555 0101".treatment: unknown treatment "c"',
        'site.toml: treatments.a.steps[0].sya: unknown key, did you mean "say"?',
        "site.toml: treatments.b.steps[0]: goes in a circle in which nothing takes time: b → b",
    ]


# ---- what is of no use


def test_a_treatment_to_which_nothing_leads(said: Said, small: str) -> None:
    """Nor does one lead anywhere to which nothing leads itself."""
    site = at_entry(small, "a") + treatment("a", HELLO)
    lost = treatment("lost", "{ then = 'more' }") + treatment("more", HELLO)
    assert said(site + lost) == (
        [],
        [
            "site.toml: treatments.lost: nothing leads to this treatment",
            "site.toml: treatments.more: nothing leads to this treatment",
        ],
    )


@pytest.mark.parametrize("last", ["{ then = 'b' }", "{ end = true }", "{ music = 'default' }"])
def test_steps_that_are_never_reached(said: Said, small: str, last: str) -> None:
    """The first of them is told; others follow it."""
    site = at_line(small, "a") + treatment("a", MUSIC, last, HELLO, MUSIC)
    if "then" in last:
        site += treatment("b", MUSIC)
    assert said(site) == ([], ["site.toml: treatments.a.steps[2]: is never reached"])


def test_music_for_good_ends_nothing_before_the_line(said: Said, small: str) -> None:
    """It would keep the contact out of the line for ever, so it is left out."""
    site = at_entry(small, "a") + treatment("a", "{ music = 'default' }", HELLO)
    assert said(site) == (
        [],
        ["site.toml: treatments.a.steps[0]: does nothing: the contact is never in line here"],
    )


@pytest.mark.parametrize(
    "step",
    [
        "{ park = 'callback' }",
        "{ position = true }",
        "{ when = 'waited', least = 9, then = 'a' }",
        "{ when = 'callback', then = 'a' }",
    ],
)
@pytest.mark.parametrize("leads", [at_entry, when_closed])
def test_what_only_who_is_in_line_has(
    said: Said, small: str, step: str, leads: Callable[[str, str], str]
) -> None:
    useless = "site.toml: treatments.a.steps[0]: does nothing: the contact is never in line here"
    assert said(leads(small, "a") + OUTBOUND + treatment("a", step, HELLO)) == ([], [useless])


def test_a_step_that_is_reached_in_line_too_is_of_use(said: Said, small: str) -> None:
    site = at_line(at_entry(small, "a"), "a") + OUTBOUND
    assert said(site + treatment("a", "{ park = 'callback' }", "{ position = true }")) == ([], [])


def test_to_enqueue_who_is_in_line(said: Said, small: str) -> None:
    """In his own line he is already, whatever the step calls it; another one is of use."""
    steps = MUSIC, "{ enqueue = true }", "{ enqueue = 'help' }", "{ enqueue = 'spare' }"
    useless = "does nothing: the contact is in that line already"
    assert said(at_line(small, "a") + spare() + treatment("a", *steps)) == (
        [],
        [
            f"site.toml: treatments.a.steps[1]: {useless}",
            f"site.toml: treatments.a.steps[2]: {useless}",
        ],
    )


def test_to_enqueue_who_came_from_another_line(said: Said, small: str) -> None:
    """What is heard goes on when the line hands the contact on, so the way back is one."""
    site = at_line(small, "a").replace('"20s"', '"20s"\nmax_wait = 60\nwhen_waited = "spare"')
    assert said(site + spare() + treatment("a", MUSIC, "{ enqueue = 'help' }")) == ([], [])


def test_to_enqueue_who_was_turned_away_by_another_line(said: Said, small: str) -> None:
    """Where he came from takes him, so the other line is another one still."""
    other = spare('hours = "office"', 'when_closed = { treatment = "b" }')
    site = at_entry(small, "a") + other + treatment("a", "{ enqueue = 'spare' }")
    assert said(site + treatment("b", "{ enqueue = true }", MUSIC, "{ enqueue = 'spare' }")) == ([], [])


def test_a_line_to_which_only_a_treatment_leads(said: Said, small: str) -> None:
    site = at_entry(small, "a") + treatment("a", HELLO, "{ enqueue = 'spare' }")
    assert said(site + spare()) == ([], [])


@pytest.mark.parametrize("key", ["park", "when"])
def test_callbacks_that_no_rule_allows(said: Said, small: str, key: str) -> None:
    """Each client whose contacts come to the line needs a rule, or one that is for all."""
    step = "{ park = 'callback' }" if key == "park" else "{ when = 'callback', then = 'b' }"
    site = at_line(small, "a") + treatment("a", step, "{ then = 'b' }") + treatment("b", MUSIC)
    warning = f"site.toml: treatments.a.steps[0].{key}: no [[outbound]] rule allows callbacks for the tenant"
    assert said(site) == ([], [f'{warning} "acme"'])
    assert said(site + OUTBOUND) == ([], [])
    other = '[tenants.other]\n[entries.voice.77]\nline = "help"\ntenant = "other"\n'
    assert said(site + other + OUTBOUND + 'tenant = "acme"') == ([], [f'{warning} "other"'])


@pytest.mark.parametrize("key", ["greeting", "greeting_files"])
def test_a_greeting_where_every_entry_has_a_treatment(said: Said, small: str, key: str) -> None:
    """As soon as one has none, even of a line that hands over when it is closed, somebody hears it."""
    greeting = f'{key} = {{ en = "site.toml", de = "site.toml" }}'
    site = at_entry(small, "a").replace("target", f"{greeting}\ntarget", 1) + treatment("a", HELLO)
    unheard = f"site.toml: lines.help.{key}: is never heard: every entry of this line has a treatment"
    mail = '[entries.mail."a@acme.example"]\nline = "help"\n[agents.mia]\nskills = { network = 3 }\n'
    mail += "capacity = { mail = 1 }\n"
    assert said(site + mail) == ([], [unheard])
    assert said(site + '[entries.voice.77]\nline = "help"\n') == ([], [])
    handed = spare('hours = "office"', 'when_closed = "help"') + '[entries.voice.77]\nline = "spare"\n'
    assert said(site + handed) == ([], [])


def test_announcements_beside_a_treatment(said: Said, small: str) -> None:
    site = at_line(small, "a").replace("target", "announce_every = 30\ntarget", 1)
    warning = "site.toml: lines.help.announce_every: has no effect beside treatment"
    assert said(site + treatment("a", MUSIC)) == ([], [warning])


def test_a_treatment_for_whom_hears_nothing(said: Said, small: str) -> None:
    """It leads nowhere either; a medium of its own that hears is like a call."""
    chat = "[agents.mia]\nskills = { network = 3 }\ncapacity = { chat = 1 }\n"
    chat += '[entries.chat.77]\nline = "help"\ntreatment = "a"\n'
    site = small + treatment("a", HELLO) + chat
    assert said(site + "[media.chat]\n") == (
        [],
        [
            "site.toml: treatments.a: nothing leads to this treatment",
            "site.toml: entries.chat.77.treatment: is never heard: who sends a chat hears nothing",
        ],
    )
    hears = "[media.chat]\nhears_prompts = true\nparty_keeps_a_leg = true\n"
    assert said(site + hears) == ([], [])

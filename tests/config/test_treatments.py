"""What is said about treatments that are wrong."""

from collections.abc import Callable

import pytest

from tests.config.treated import (
    ASK,
    HELLO,
    IS_A_LINE,
    MUSIC,
    OUTBOUND,
    at_entry,
    at_line,
    spare,
    treatment,
    when_closed,
)

Said = Callable[..., tuple[list[str], list[str]]]

ONLY = "only when_closed and when_full may lead to"
ALL_KINDS = (
    "say, position, expected_wait, music, menu, when, then, enqueue, collect, record, park, language, end"
)
ALL_KEYS = (
    "say, say_files, position, expected_wait, music, for, menu, menu_files, keys, "
    "when, least, then, enqueue, collect, collect_files, name, most, record, longest, park, language, end"
)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{ sya = {} }", '.sya: unknown key, did you mean "say"?'),
        ("{ xyzzy = 1 }", f".xyzzy: unknown key (there may be {ALL_KEYS})"),
        (HELLO.replace("} }", "}, xyzzy = 1 }"), ".xyzzy: unknown key (there may be say, say_files)"),
        (
            f"{{ {ASK}, keys = {{ 1 = 'a' }}, timeout = 1 }}",
            ".timeout: unknown key (there may be menu, menu_files, keys, for, music)",
        ),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, four = 1 }}", '.four: unknown key, did you mean "for"?'),
        ("{}", f": not a step: none of {ALL_KINDS}"),
        ("{ for = 3 }", f": not a step: none of {ALL_KINDS}"),
        ("{ say = {}, end = true }", ": one step cannot be both: say, end"),
        ('{ music = "default", then = "a" }', ": one step cannot be both: music, then"),
        ("{ when = 'vip', then = 'a', music = 'default' }", ": one step cannot be both: when, music"),
        (
            HELLO.replace(" }", ", fr = 'Bonjour', it = 'Ciao' }", 1),
            ".say: there is a text in fr, it, which the desk does not speak ([desk] languages: en, de)",
        ),
        (
            "{ menu = { en = 'W', de = 'W', fr = 'Q' }, keys = { 1 = 'a' } }",
            ".menu: there is a text in fr, which the desk does not speak ([desk] languages: en, de)",
        ),
        ("{ say = { en = 'Hello', de = '' } }", ".say.de: must not be empty"),
        ("{ say = { en = 'Hello' } }", ".say.de: missing key (the treatment speaks this language)"),
        ("{ say = {} }", ".say: must not be empty"),
        ("{ say_files = {} }", ".say_files: must not be empty"),
        ("{ say = 'Hello' }", '.say: must be given by language: { en = "…", de = "…" }'),
        ("{ say_files = 'a.wav' }", '.say_files: must be given by language: { en = "….wav", de = "….wav" }'),
        (
            "{ menu = 'Which?', keys = { 1 = 'a' } }",
            '.menu: must be given by language: { en = "…", de = "…" }',
        ),
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
        ("{ expected_wait = false }", ".expected_wait: must be true"),
        ("{ expected_wait = '2m' }", ".expected_wait: must be true or false, not a text"),
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
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, for = '301s' }}", ".for: must be at most 5m"),
        (f"{{ {ASK}, keys = {{ 1 = 'a' }}, music = 'jazz' }}", '.music: unknown music "jazz"'),
        (
            "{ menu = { en = 'W' }, keys = { 1 = 'a' } }",
            ".menu.de: missing key (the treatment speaks this language)",
        ),
        (
            "{ when = 'vop', then = 'a', least = 3 }",
            '.when: "vop" is none of vip, waited, behind, expected_wait, nobody, closed, callback',
        ),
        ("{ when = 'vip' }", ".then: missing key"),
        ("{ when = 'vip', then = 'b' }", '.then: unknown treatment "b"'),
        ("{ when = 'vip', then = 'a', least = 3 }", '.least: does not go with "vip"'),
        ("{ when = 'closed', then = 'a', least = 3 }", '.least: does not go with "closed"'),
        ("{ when = 'waited', then = 'a' }", ".least: missing key"),
        ("{ when = 'waited', least = 0, then = 'a' }", ".least: must be at least 1s"),
        ("{ when = 'expected_wait', then = 'a' }", ".least: missing key"),
        ("{ when = 'expected_wait', least = 0.5, then = 'a' }", ".least: must be at least 1s"),
        ("{ when = 'behind', then = 'a' }", ".least: missing key"),
        ("{ when = 'behind', least = '2m', then = 'a' }", ".least: must be a whole number, not a text"),
        ("{ when = 'behind', least = 0, then = 'a' }", ".least: must be at least 1, not 0"),
        ("{ then = 'b' }", '.then: unknown treatment "b"'),
        ("{ then = 'help' }", f".then: {IS_A_LINE}"),
        ("{ when = 'vip', then = 'help' }", f".then: {IS_A_LINE}"),
        (f"{{ {ASK}, keys = {{ 1 = 'help' }} }}", f".keys.1: {IS_A_LINE}"),
        ("{ then = 'a', least = 3 }", '.least: does not go with "then"'),
        ("{ enqueue = 'hepl' }", '.enqueue: unknown line "hepl", did you mean "help"?'),
        ("{ enqueue = 'a' }", '.enqueue: "a" is a treatment: write { then = "a" }'),
        ("{ enqueue = '' }", ".enqueue: must be true or a line"),
        ("{ enqueue = false }", ".enqueue: must be true or a line"),
        ("{ park = 'hold' }", '.park: must be "callback" or "voicemail"'),
        ("{ park = true }", '.park: must be "callback" or "voicemail"'),
        ("{ collect = { de = 'W', en = 'W' }, most = 3 }", ".name: missing key"),
        (
            "{ collect = { de = 'W', en = 'W' }, name = 'a b', most = 3 }",
            ".name: must be 1 to 32 letters, digits, - and _",
        ),
        ("{ collect = { de = 'W', en = 'W' }, name = 'a', most = 33 }", ".most: must be at most 32, not 33"),
        ("{ collect = { de = 'W', en = 'W' }, name = 'a', most = 0 }", ".most: must be at least 1, not 0"),
        ("{ collect = { de = 'W', en = 'W' }, name = 'a' }", ".most: missing key"),
        ("{ record = false }", ".record: must be true"),
        ("{ record = true, longest = '1s' }", ".longest: must be at least 2s"),
        ("{ record = true, longest = '11m' }", ".longest: must be at most 10m"),
        ("{ record = true, for = '1m' }", '.for: does not go with "record"'),
        ("{ park = 'voicemail', longest = '1m' }", '.longest: does not go with "park"'),
        ("{ language = 'fr' }", '.language: unknown language "fr"'),
        ("{ say = { de = ' ', en = 'W' } }", ".say.de: there is nothing to say in it"),
        ("{ say = { de = '...', en = 'W' } }", ".say.de: there is nothing to say in it"),
        (
            f"{{ say = {{ de = '{2001 * 'x'}', en = 'W' }} }}",
            ".say.de: has 2001 characters, at most 2000 are spoken: give a recording instead",
        ),
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
        (
            "[treatments.a]\nsteps = {}",
            "treatments.a.steps: must be a list of tables: write [[treatments.a.steps]]",
        ),
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
    assert errors == [f"site.toml: {message}"]


def test_a_text_in_a_language_that_no_voice_speaks_needs_a_recording(said: Said, small: str) -> None:
    french = "\n[desk]\nlanguages = ['fr']\n"
    errors, _ = said(at_entry(small, "a") + treatment("a", "{ say = { fr = 'Bonjour' } }") + french)
    wanted = "no voice speaks it (de and en are spoken): give a recording instead"
    assert errors == [f"site.toml: treatments.a.steps[0].say.fr: {wanted}"]


def test_more_steps_than_anybody_hears_are_refused(said: Said, small: str) -> None:
    errors, _ = said(at_entry(small, "a") + treatment("a", *[MUSIC] * 101))
    wanted = "are 101, at most 100: go on with another treatment"
    assert errors == [f"site.toml: treatments.a.steps: {wanted}"]


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
        f"site.toml: lines.help.when_waited: must be a line: {ONLY} a treatment",
    ]
    assert warnings == []


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("{}", ".treatment: missing key"),
        ('{ treatment = "" }', ".treatment: must not be empty"),
        ('{ treatment = "help" }', '.treatment: "help" is a line: write when_closed = "help"'),
        ('{ treatment = "a", line = "help" }', ".line: unknown key"),
        ('"a"', ': "a" is a treatment: write { treatment = "a" }'),
        ("true", ": must be a text, not true or false"),
    ],
)
def test_a_way_is_a_text_or_a_treatment(said: Said, small: str, way: str, message: str) -> None:
    site = when_closed(small, "a").replace('{ treatment = "a" }', way) + treatment("a", HELLO)
    errors, _ = said(site)
    assert errors[0] == f"site.toml: lines.help.when_closed{message}"


def test_lines_and_treatments_that_are_taken_for_each_other(said: Said, small: str) -> None:
    """Wherever one is named, it is said what the other needs."""
    entry = 'site.toml: entries.voice."+49 30 555 0101"'
    site = at_line(at_entry(small, "help"), "help").replace('line = "help"', 'line = "a"')
    site = site.replace("target", 'max_wait = 9\nwhen_waited = "a"\ntarget', 1)
    assert sorted(said(site + treatment("a", HELLO))[0]) == [
        f'{entry}.line: "a" is a treatment: write treatment = "a" beside the line',
        f"{entry}.treatment: {IS_A_LINE}",
        f"site.toml: lines.help.treatment: {IS_A_LINE}",
        f'site.toml: lines.help.when_waited: "a" is a treatment: {ONLY} one, name a line',
    ]


def test_a_name_of_both_a_line_and_a_treatment_is_what_belongs_there(said: Said, small: str) -> None:
    site = at_line(at_entry(small, "help"), "help") + treatment("help", MUSIC, "{ enqueue = 'spare' }")
    assert said(site + spare()) == ([], [])


def test_a_way_needs_its_limit(said: Said, small: str) -> None:
    site = when_closed(small, "a").replace('hours = "office"', "") + treatment("a", HELLO)
    assert said(site) == ([], ["site.toml: lines.help.when_closed: has no effect without hours"])


ALL_OF_IT = (
    HELLO,
    f"{{ {ASK}, keys = {{ 0 = 'b', '*' = 'b', '#' = 'a' }}, for = '5m', music = 'default' }}",
    "{ when = 'vip', then = 'b' }",
    "{ when = 'behind', least = 1, then = 'b' }",
    "{ when = 'expected_wait', least = '3m', then = 'b' }",
    "{ when = 'nobody', then = 'b' }",
    "{ when = 'closed', then = 'b' }",
    "{ enqueue = true }",
    "{ position = true }",
    "{ expected_wait = true }",
    MUSIC,
    "{ when = 'waited', least = '1s', then = 'b' }",
    "{ when = 'callback', then = 'b' }",
    "{ park = 'callback' }",
    "{ record = true, longest = '10m' }",
    "{ collect = { de = 'W', en = 'W' }, name = 'customer', most = 8, for = '9s', music = 'default' }",
    "{ park = 'voicemail' }",
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
        'site.toml: treatments.a.steps[0].sya: unknown key, did you mean "say"?',
        'site.toml: treatments.a.steps[1].music: unknown music "jazz"',
        'site.toml: entries.voice."+49 30 555 0101".treatment: unknown treatment "c"',
        "site.toml: treatments.b.steps[0]: goes in a circle in which nothing takes time: b → b",
    ]


def surveyed(site: str, name: str) -> str:
    """Whose agent has left hears that."""
    return site.replace("target", f'survey = "{name}"\ntarget', 1)


def test_a_survey_is_a_treatment_that_ends(said: Said, small: str) -> None:
    asks = f"{{ {ASK}, keys = {{ 1 = 'b', 2 = 'b' }} }}"
    site = surveyed(small, "a") + treatment("a", asks, HELLO) + treatment("b", HELLO)
    assert said(site) == ([], [])


def test_who_has_talked_comes_into_no_line_and_leaves_no_message(said: Said, small: str) -> None:
    asks = f"{{ {ASK}, keys = {{ 1 = 'b' }} }}"
    later = treatment("b", "{ record = true }", "{ park = 'voicemail' }", "{ then = 'c' }")
    site = surveyed(small, "a") + treatment("a", asks) + later + treatment("c", "{ enqueue = 'help' }")
    why = "a survey leads here, and whoever has talked already comes into no line"
    assert said(site)[0] == [
        f"site.toml: treatments.b.steps[0].record: {why}",
        f"site.toml: treatments.b.steps[1].park: {why}",
        f"site.toml: treatments.c.steps[0].enqueue: {why}",
    ]


def test_a_survey_that_goes_round_without_time_is_refused(said: Said, small: str) -> None:
    site = surveyed(small, "a") + treatment("a", HELLO, "{ then = 'a' }")
    assert "in a circle in which nothing takes time" in said(site)[0][0]

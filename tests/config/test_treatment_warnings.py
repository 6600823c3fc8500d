"""What is said about treatments that are right, and of no use or not what was meant."""

from collections.abc import Callable

import pytest

from tests.config.treated import (
    ASK,
    HELLO,
    MUSIC,
    OUTBOUND,
    at_entry,
    at_line,
    spare,
    treatment,
    when_closed,
)

Said = Callable[..., tuple[list[str], list[str]]]


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


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("{ then = 'b' }", "goes on elsewhere"),
        ("{ end = true }", "hangs up"),
        ("{ music = 'default' }", "is music for good"),
    ],
)
def test_steps_that_are_never_reached(said: Said, small: str, last: str, why: str) -> None:
    """The first of them is told, with the cause; others follow it."""
    site = at_line(small, "a") + treatment("a", MUSIC, last, HELLO, MUSIC)
    if "then" in last:
        site += treatment("b", MUSIC)
    assert said(site) == ([], [f"site.toml: treatments.a.steps[2]: is never reached: steps[1] {why}"])


def test_what_only_steps_lead_to_that_are_never_reached(said: Said, small: str) -> None:
    """One warning is enough, however far they would lead; of what else nothing leads to there is another."""
    steps = "{ music = 'default' }", f"{{ {ASK}, keys = {{ 1 = 'b' }} }}", "{ then = 'c' }"
    site = at_line(small, "a") + treatment("a", *steps) + treatment("b", "{ then = 'more' }")
    others = treatment("c", MUSIC) + treatment("more", MUSIC) + treatment("lost", MUSIC)
    assert said(site + others) == (
        [],
        [
            "site.toml: treatments.a.steps[1]: is never reached: steps[0] is music for good",
            "site.toml: treatments.lost: nothing leads to this treatment",
        ],
    )


def test_steps_that_are_never_reached_in_line(said: Said, small: str) -> None:
    """Before the line music for good is left out. That others come to the step is no use to anybody."""
    steps = "{ music = 'default' }", "{ when = 'callback', then = 'b' }", HELLO
    site = at_line(at_entry(small, "a"), "a") + OUTBOUND + treatment("a", *steps) + treatment("b", MUSIC)
    assert said(site) == (
        [],
        ["site.toml: treatments.a.steps[1]: is never reached in line: steps[0] is music for good"],
    )


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
        "{ position = true }",
        "{ expected_wait = true }",
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
    site = at_line(at_entry(small, "a"), "a")
    assert said(site + treatment("a", "{ position = true }", MUSIC)) == ([], [])


def promises_nothing(name: str, way: str) -> str:
    return (
        f"site.toml: treatments.{name}.steps[0].park: promises nothing while the contact is in no line: {way}"
    )


def test_a_promise_to_who_is_in_no_line_is_told_even_where_others_are_promised_a_callback(
    said: Said, small: str
) -> None:
    """With the shortest way there. Who comes from the line is promised one, and no more is said of him."""
    offer = f"{{ {ASK}, keys = {{ 1 = 'callback' }} }}"
    more = treatment("waiting", offer, MUSIC) + treatment("callback", "{ park = 'callback' }", HELLO)
    assert said(at_line(small, "waiting") + OUTBOUND + more) == ([], [])
    closed = 'hours = "office"\nwhen_closed = { treatment = "closed" }\ntarget'
    site = at_line(small, "waiting").replace("target", closed, 1) + OUTBOUND + more
    assert said(site + treatment("closed", HELLO, "{ then = 'late' }") + treatment("late", offer)) == (
        [],
        [promises_nothing("callback", "closed → late → callback")],
    )
    assert said(at_entry(at_line(small, "waiting"), "callback") + OUTBOUND + more) == (
        [],
        [promises_nothing("callback", "callback")],
    )


def test_a_message_that_nobody_can_have_left(said: Said, small: str) -> None:
    """Also where a recording comes later only; one by another treatment will do."""
    vain = "site.toml: treatments.a.steps[0].park: leaves no message: nothing is recorded before it"
    site, park = at_line(small, "a"), "{ park = 'voicemail' }"
    assert said(site + treatment("a", park, "{ record = true }", MUSIC)) == ([], [vain])
    assert said(site + treatment("a", "{ record = true }", HELLO, park)) == ([], [])
    menu = f"{{ {ASK}, keys = {{ 1 = 'b' }} }}"
    assert said(site + treatment("a", "{ record = true }", menu, MUSIC) + treatment("b", park)) == ([], [])


def test_a_message_can_be_left_before_any_line(said: Said, small: str) -> None:
    assert said(at_entry(small, "a") + treatment("a", "{ record = true }", "{ park = 'voicemail' }")) == (
        [],
        [],
    )


def test_a_promise_for_which_it_is_asked_whether_it_can_be_kept(said: Said, small: str) -> None:
    """In no line it never can."""
    asked = treatment("a", "{ when = 'callback', then = 'b' }", MUSIC)
    site = at_line(at_entry(small, "a"), "a") + OUTBOUND + asked
    assert said(site + treatment("b", "{ park = 'callback' }", MUSIC)) == ([], [])


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


def in_vain(step: str, line: str) -> str:
    who = f'whom the line "{line}" did not take'
    reason = f"{who} is released here without a word, unless it takes him by now"
    return f"site.toml: treatments.{step}.enqueue: {reason}"


@pytest.mark.parametrize("enqueue", ["true", "'help'"])
@pytest.mark.parametrize("by", ["", "welcome"])
def test_to_enqueue_where_one_was_just_turned_away(said: Said, small: str, enqueue: str, by: str) -> None:
    """Whether he came to the line at once or by a treatment, and whatever leads to the step."""
    site = when_closed(small, "closed") + treatment("closed", HELLO, "{ then = 'again' }")
    if by:
        site = at_entry(site, by) + treatment(by, HELLO)
    again = treatment("again", MUSIC, f"{{ enqueue = {enqueue} }}")
    assert said(site + again) == ([], [in_vain("again.steps[1]", "help")])


def test_to_enqueue_where_one_was_turned_away_when_it_was_full(said: Said, small: str) -> None:
    site = small.replace("target", 'max_length = 1\nwhen_full = { treatment = "full" }\ntarget', 1)
    assert said(site + treatment("full", HELLO, "{ enqueue = true }")) == (
        [],
        [in_vain("full.steps[1]", "help")],
    )


@pytest.mark.parametrize("enqueue", ["true", "'help'", "'spare'"])
def test_to_enqueue_in_a_line_that_hands_on_to_the_one_that_turned_away(
    said: Said, small: str, enqueue: str
) -> None:
    handed = small.replace("target", 'hours = "office"\nwhen_closed = "spare"\ntarget', 1)
    site = handed + spare('hours = "office"', 'when_closed = { treatment = "closed" }')
    assert said(site + treatment("closed", HELLO, f"{{ enqueue = {enqueue} }}")) == (
        [],
        [in_vain("closed.steps[1]", "spare")],
    )


def test_to_enqueue_by_one_step_who_was_turned_away_and_who_was_not(said: Said, small: str) -> None:
    """That it is of use to others does not help him."""
    site = at_entry(when_closed(small, "a"), "a") + treatment("a", HELLO, "{ enqueue = true }")
    assert said(site) == ([], [in_vain("a.steps[1]", "help")])


def test_to_enqueue_in_another_line_who_was_turned_away(said: Said, small: str) -> None:
    site = when_closed(small, "a") + spare()
    assert said(site + treatment("a", HELLO, "{ enqueue = 'spare' }", MUSIC)) == ([], [])


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


# ---- who presses nothing


def goes_round(step: str, names: str, who: str = "who presses nothing") -> str:
    return f"site.toml: treatments.{step}: {who} goes round for ever and is never in line: {names}"


def ask(key: str) -> str:
    return f"{{ {ASK}, keys = {{ 1 = '{key}' }} }}"


def test_who_presses_nothing_and_comes_back_to_the_same_menu(said: Said, small: str) -> None:
    site = at_entry(small, "a") + treatment("in", "{ enqueue = true }", MUSIC)
    assert said(site + treatment("a", HELLO, ask("in"), "{ then = 'a' }")) == (
        [],
        [goes_round("a.steps[1]", "a → a")],
    )


def test_who_presses_nothing_and_is_led_round_by_other_treatments(said: Said, small: str) -> None:
    """By whatever condition. Of several menus on his way the first in the file is named."""
    site = at_entry(small, "a") + treatment("in", "{ enqueue = true }", MUSIC)
    site += treatment("a", HELLO, MUSIC, "{ when = 'vip', then = 'b' }", "{ then = 'b' }")
    assert said(site + treatment("b", ask("in"), ask("in"), "{ then = 'a' }")) == (
        [],
        [goes_round("b.steps[0]", "a → b → a")],
    )


def test_who_pressed_a_key_and_then_nothing(said: Said, small: str) -> None:
    """Without the key he would be in line."""
    site = at_entry(small, "a") + treatment("a", ask("b")) + treatment("in", "{ enqueue = true }", MUSIC)
    assert said(site + treatment("b", ask("in"), "{ then = 'b' }")) == (
        [],
        [goes_round("b.steps[0]", "b → b")],
    )


def test_who_is_led_round_without_a_menu(said: Said, small: str) -> None:
    site = at_entry(small, "a") + treatment("a", HELLO, MUSIC, "{ then = 'a' }")
    assert said(site) == ([], [goes_round("a.steps[1]", "a → a", "the contact")])


@pytest.mark.parametrize(
    "steps",
    [
        (ask("a"), HELLO),
        (ask("a"), "{ end = true }"),
        (ask("a"), "{ enqueue = true }", "{ then = 'a' }"),
        (ask("a"), "{ when = 'closed', then = 'b' }", "{ then = 'a' }"),
    ],
    ids=["at its end he is in line", "it hangs up", "he is in line and is asked again", "sometimes"],
)
def test_who_presses_nothing_and_gets_out(said: Said, small: str, steps: tuple[str, ...]) -> None:
    site = at_entry(small, "a") + treatment("a", *steps)
    if "'b'" in str(steps):
        site += treatment("b", HELLO)
    assert said(site) == ([], [])


def test_who_is_in_line_may_be_asked_for_ever(said: Said, small: str) -> None:
    site = at_line(small, "a") + treatment("a", ask("b"), "{ then = 'a' }")
    assert said(site + treatment("b", MUSIC)) == ([], [])


# ---- languages


def speaks(name: str, others: str) -> str:
    return (
        f'site.toml: lines.help.languages: do not hold for the treatment "{name}", which speaks {others} too'
    )


def test_treatments_of_a_line_that_speak_languages_that_it_does_not(said: Said, small: str) -> None:
    """Also those to which its own leads, if they say anything."""
    site = at_line(small, "a").replace("target", 'languages = ["en"]\ntarget', 1)
    site += treatment("a", HELLO, ask("b"), MUSIC, "{ then = 'a' }") + treatment("b", MUSIC, "{ then = 'c' }")
    site += treatment("c", "{ say = { de = 'Hallo' } }", MUSIC) + "languages = ['de']\n"
    assert said(site) == ([], [speaks("a", "de"), speaks("c", "de")])


def test_treatments_of_a_line_that_speak_its_languages(said: Said, small: str) -> None:
    """Those heard before it, or when it takes nobody, are none of its own."""
    site = at_entry(at_line(small, "a"), "welcome")
    site = site.replace("target", 'languages = ["en"]\ntarget', 1) + treatment("welcome", HELLO)
    site += treatment("a", "{ say = { en = 'Hello' } }", MUSIC) + "languages = ['en']\n"
    assert said(site) == ([], [])

"""Escalation lists in the site file: as written, and what is wrong with them."""

from collections.abc import Callable

import pytest

Said = Callable[..., tuple[list[str], list[str]]]
RULE = '[sip]\n[[outbound]]\npurpose = "escalation"\nclasses = ["foreign"]\nprefixes = ["+49"]\n'
LIST = '[escalations.night]\ntenant = "acme"\n'
STEP = 'steps = [{ number = "+491715550101" }]\n'


def test_without_lists_nothing_is_spoken_for_them(said: Said, small: str) -> None:
    assert said(small) == ([], [])
    assert said(small + RULE + LIST + STEP) == ([], [])


@pytest.mark.parametrize(
    ("list_", "error"),
    [
        ('[escalations.night]\ntenant = "none"\n' + STEP, 'tenant: unknown tenant "none"'),
        (LIST, "steps: missing key (who is called, one after the other)"),
        (LIST + "steps = [{}]", "steps[0].number: a step needs either a number or an agent"),
        (
            LIST + 'steps = [{ number = "1", agent = "anna" }]',
            "steps[0].number: a step needs either a number or an agent",
        ),
        (LIST + 'steps = [{ agent = "nobody" }]', 'steps[0].agent: unknown agent "nobody"'),
        (LIST + 'entry = "0815"\n' + STEP, 'entry: "0815" is no number of the tenant "acme"'),
        (LIST + 'mail = "x"\n' + STEP, 'mail: "x" is no mail address'),
        (LIST + "rounds = 0\n" + STEP, "rounds: must be 1 to 100, not 0"),
        (LIST + 'gab = "1m"\n' + STEP, 'gab: unknown key, did you mean "gap"?'),
    ],
)
def test_what_is_wrong_is_told(said: Said, small: str, list_: str, error: str) -> None:
    errors, _ = said(small + RULE + list_)
    assert [one.partition(" (")[0] for one in errors] == [
        f"site.toml: escalations.night.{error}".partition(" (")[0]
    ]


def test_a_list_of_numbers_needs_a_rule(said: Said, small: str) -> None:
    (error,) = said(small + LIST + STEP)[0]
    assert error.endswith('no [[outbound]] rule has the purpose "escalation" for the tenant "acme"')


def test_a_mail_that_nobody_sends_is_told(said: Said, small: str) -> None:
    _, (warning,) = said(small + RULE + LIST + 'mail = "it@acme.example"\n' + STEP)
    assert "no channel sends mails yet" in warning

"""How long a conversation may last, as the site file says it, and what is wrong with that."""

from collections.abc import Callable

import pytest

Said = Callable[..., tuple[list[str], list[str]]]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ('prompt = "8m"', ""),
        ('hand_over = "10m"', ""),
        ("", "needs prompt, hand_over or both"),
        ('prompt = "10m", hand_over = "10m"', "prompt: must be before hand_over"),
        ('prompt = "8m", to = "second"', "to: needs hand_over"),
        ('hand_over = "8m", to = "help"', "to: is the line itself"),
        ('hand_over = "8m", to = "nowhere"', 'to: unknown line "nowhere"'),
        ('hand_over = "8m", again = "1m"', "again: needs prompt, and is at least 10s"),
        ('prompt = "8m", again = "1s"', "again: needs prompt, and is at least 10s"),
        ('prompt = "8m", promt = "9m"', 'promt: unknown key, did you mean "prompt"?'),
    ],
)
def test_what_is_wrong_is_told(said: Said, small: str, rule: str, error: str) -> None:
    second = small.replace(
        "[lines.help]", "[lines.second]\ntenant = 'acme'\ngroups = ['experts']\n[lines.help]"
    )
    errors, _ = said(second.replace("[lines.help]", f"[lines.help]\ntalk_limit = {{ {rule} }}"))
    found = [one.partition("talk_limit")[2].lstrip(".: ").partition(" (")[0] for one in errors]
    assert found == ([error] if error else [])

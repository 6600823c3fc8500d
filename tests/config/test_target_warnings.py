"""A line's wish to be told of its target."""

from collections.abc import Callable

import pytest

Said = Callable[..., tuple[list[str], list[str]]]


@pytest.mark.parametrize(
    ("warning", "errors"),
    [("19s", []), ("0s", []), ("20s", ["site.toml: lines.help.target_warning: must be shorter than target"])],
)
def test_it_is_shorter_than_the_target(said: Said, small: str, warning: str, errors: list[str]) -> None:
    written = small.replace('target = "20s"', f'target = "20s"\ntarget_warning = "{warning}"')
    assert said(written)[0] == errors

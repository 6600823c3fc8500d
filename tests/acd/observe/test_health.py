"""How the server is, in one word: as bad as its worst part."""

import pytest

from acd.observe.health import health


@pytest.mark.parametrize(
    ("journal", "content", "channel", "stopping", "status"),
    [
        ("", "", "up", False, "ok"),
        ("no space left", "", "up", False, "degraded"),
        ("", "no space left", "up", False, "degraded"),
        ("", "", "no trunk", False, "degraded"),
        ("no space left", "", "up", True, "stopping"),
    ],
)
def test_one_part_that_is_not_well_is_enough(
    journal: str, content: str, channel: str, stopping: bool, status: str
) -> None:
    found = health(journal, content, {"sip": channel}, stopping=stopping)
    assert found.status == status
    assert (found.journal, found.content) == (journal or "ok", content or "ok")
    assert found.channels == {"sip": channel}

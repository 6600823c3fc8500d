"""Metrics: counted from facts alone, in the Prometheus text format, and every one of them documented."""

import asyncio
import re
from pathlib import Path

from acd.core.events import (
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReleased,
)
from acd.core.view import LineView
from acd.observe.fact_counts import FactCounts
from acd.observe.metrics import Exposed, text
from acd.observe.pauses import Pauses
from acd.testing import NUMBER, ScriptedChannel, Story, small_desk, small_site
from agents.capacity import VOICE
from agents.skills import AgentId
from config.schema import JournalKind
from queues.desk import EntryId, LineId, TenantId
from tests.acd.web.served import served

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def test_contacts_and_offers_are_counted_by_folding_facts() -> None:
    """Four arrive: one refused then answered and released, one abandoned, one blocked, one waits."""
    story = Story(small_desk())
    story.ready(0, "anna", "bert")
    story.at(1_000, ContactArrived("call-1", NUMBER, VOICE))
    story.refuse(2_000, "anna")
    story.accept(3_000, "bert")
    story.at(4_000, ContactArrived("call-2", NUMBER, VOICE))
    story.at(5_000, ContactLeft(ContactId(2)))
    story.at(6_000, ContactArrived("call-3", EntryId("nowhere"), VOICE))
    story.at(7_000, ContactArrived("call-4", NUMBER, VOICE))
    story.at(9_000, ContactReleased(ContactId(1), AgentId("bert")))
    counts = FactCounts()
    counts.observe(story.facts)
    assert counts.contacts["voice", "arrived"] == 3
    assert counts.contacts["voice", "answered"] == 1
    assert counts.contacts["voice", "released"] == 1
    assert counts.contacts["voice", "abandoned"] == 1
    assert counts.blocked == {"unknown entry": 1}
    assert counts.offers["refused"] == 1
    assert counts.offers["answered"] == 1


def test_a_contact_from_before_the_restart_has_its_medium() -> None:
    """Live contacts are told to the fold at its start."""
    story = Story(small_desk())
    story.at(1_000, ContactArrived("call-1", NUMBER, VOICE))
    counts = FactCounts([(ContactId(1), VOICE)])
    story.facts.clear()
    story.at(2_000, ContactLeft(ContactId(1)))
    counts.observe(story.facts)
    assert counts.contacts == {("voice", "abandoned"): 1}


def test_pauses_are_a_cumulative_histogram_in_seconds() -> None:
    """0.5, 3 and 2,000 ms."""
    pauses = Pauses()
    for ms in (0.5, 3.0, 2_000.0):
        pauses.observe(ms)
    shown = Exposed(facts=FactCounts(), lines=(), agents=(), lag=pauses, figures=None, entry_ms=0, age_ms=0)
    found = text(shown).decode()
    assert 'acd_web_loop_lag_seconds_bucket{le="0.001"} 1.0' in found
    assert 'acd_web_loop_lag_seconds_bucket{le="0.005"} 2.0' in found
    assert 'acd_web_loop_lag_seconds_bucket{le="1.0"} 2.0' in found
    assert 'acd_web_loop_lag_seconds_bucket{le="+Inf"} 3.0' in found
    assert "acd_web_loop_lag_seconds_count 3.0" in found
    assert "acd_web_loop_lag_seconds_sum 2.0035" in found
    assert pauses.max_ms == 2_000.0


def test_labels_are_escaped() -> None:
    """A line may be called anything."""
    line = LineView(LineId('a"b\n'), TenantId("t"), 3, 0, 1_500)
    shown = Exposed(
        facts=FactCounts(), lines=(line,), agents=(), lag=Pauses(), figures=None, entry_ms=0, age_ms=0
    )
    assert 'acd_waiting{line="a\\"b\\n"} 3.0' in text(shown).decode()


def test_of_a_server_that_does_not_answer_the_copy_is_still_shown() -> None:
    """And that it does not."""
    shown = Exposed(facts=FactCounts(), lines=(), agents=(), lag=Pauses(), figures=None, entry_ms=0, age_ms=0)
    found = text(shown).decode()
    assert "acd_server_up 0.0" in found
    assert "acd_journal" not in found


def test_every_metric_of_the_server_is_documented_and_no_other(tmp_path: Path) -> None:
    """docs/reference/metrics.md has a heading for each family, with its type."""

    async def scraped() -> str:
        site = small_site(tmp_path, journal=JournalKind.MEMORY)
        async with served(site, ScriptedChannel()) as desk:
            return (await desk.web.following.metrics()).decode()

    exposed = set(re.findall(r"^# TYPE (\S+) (\S+)$", asyncio.run(scraped()), re.MULTILINE))
    documented = set(re.findall(r"^### `(\S+)` \((\S+)\)$", REFERENCE.read_text(), re.MULTILINE))
    assert documented == exposed

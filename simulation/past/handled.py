"""What the work on the contacts of a recorded day was like, as laws for those of whom nothing was seen."""

from collections import Counter
from collections.abc import Iterable, Sequence

from acd.kpi.segment import Segment
from queues.desk import Desk, Line, LineId, Medium
from simulation.laws import Law
from simulation.past.asked import Asked
from simulation.past.redials import flow_of
from simulation.past.stories import Story
from simulation.past.thinning import thinned
from simulation.plan.forecasts import Flow
from simulation.scenario import Handling


class Handled:
    """The answered segments of a day by line and medium."""

    def __init__(self, desk: Desk, stories: Iterable[Story], asked: Asked) -> None:
        """Raises ValueError when nobody was answered."""
        self.elsewhere = 0
        """Segments that were handed on to another line than most of their kind."""
        self._asked = asked
        self._flows = [(line, medium) for line in desk.lines for medium in desk.medium_ids]
        self._segments: dict[Flow, list[Segment]] = {}
        self._to: dict[Flow, Counter[LineId]] = {}
        for story in stories:
            for segment in story.segments:
                if segment.answered_ms:
                    self._segments.setdefault(flow_of(segment), []).append(segment)
            for segment, following in zip(story.segments, story.segments[1:], strict=False):
                if segment.kind == "transfer" and segment.answered_ms:
                    self._to.setdefault(flow_of(segment), Counter())[LineId(following.line)] += 1
        if not self._segments:
            raise ValueError("nobody was answered on that day, so it does not tell how long contacts take")
        self.elsewhere = sum(count.total() - max(count.values()) for count in self._to.values())

    def handling(self) -> dict[Flow, Handling]:
        """For every line and medium."""
        return {(line.id, medium): self._of(line, medium) for line, medium in self._flows}

    def _of(self, line: Line, medium: Medium) -> Handling:
        segments = self._segments.get((line.id, medium), [])
        codes = Counter(segment.code for segment in segments if segment.code)
        to = self._to.get((line.id, medium), Counter()).most_common(1)
        return Handling(
            talk=thinned([segment.talk_ms for segment in segments or self._alike(medium)]),
            hold=_law([self._asked.hold_ms(segment) for segment in segments]),
            wrap_up=_wrap_up(line, segments),
            code=codes.most_common(1)[0][0] if codes else "",
            escalate=to[0][1] / len(segments) if to else 0.0,
            escalate_to=to[0][0] if to else None,
            consult=self._asked.rule(segments),
        )

    def _alike(self, medium: Medium) -> Sequence[Segment]:
        """Where no segment was answered: those of the medium, else all."""
        every = [segment for segments in self._segments.values() for segment in segments]
        return [segment for segment in every if segment.medium == medium] or every


def _law(lengths_ms: Sequence[int]) -> Law | None:
    """None where nobody was ever on hold."""
    return thinned(lengths_ms) if any(lengths_ms) else None


def _wrap_up(line: Line, segments: Sequence[Segment]) -> Law | None:
    """None where there is none, or where everybody coded while he talked."""
    spent_ms = [segment.wrap_up_ms for segment in segments] or [line.wrap_up.ms]
    if line.wrap_up.ms or (line.wrap_up.code_required and any(spent_ms)):
        return thinned(spent_ms)
    return None

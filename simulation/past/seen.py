"""Every number of a recorded day that was seen: how long each contact waited, talked, let ring, and so on."""

from collections import defaultdict
from collections.abc import Sequence

from acd.kpi.segment import Segment
from simulation.draws import Purpose
from simulation.laws import LONGEST_MS
from simulation.past.asked import Asked
from simulation.past.attempts import Attempts
from simulation.past.excerpt import Excerpt
from simulation.past.heard import Heard, number_of
from simulation.past.lineup import Lineup, Try
from simulation.past.recorded import Column
from simulation.past.thinning import thinned
from simulation.scenario import Habits, Stream, Surge
from simulation.world.flows import SEGMENTS

YES, NO = 0.0, 1.0
"""The model compares such a number with a share in (0, 1]."""


class Seen:
    """Columns of numbers by index, as `simulation.past.recorded.Recorded` wants them."""

    def __init__(self, excerpt: Excerpt, lineup: Lineup, asked: Asked) -> None:
        self.lengths: dict[Column, dict[int, int]] = defaultdict(dict)
        self.outlasted: dict[Column, dict[int, int]] = defaultdict(dict)
        self.shares: dict[Column, dict[int, float]] = defaultdict(dict)
        self._start_ms = excerpt.start_ms
        self._back_ms = excerpt.back_ms
        self._asked = asked
        self._delays_ms: list[int] = []
        self._missed = self._withdrawn = 0
        for one in lineup.tries:
            if (one.stream, one.index) in lineup.carried:
                self._carry(one)
            else:
                self._wait(one)
                self._rings(one)
                self._work(one, one.story.answered)
            self._again(one)

    def habits(self) -> Habits:
        """How agents answer offers of which nothing was seen."""
        missed, back_ms = self._missed, sorted(self._back_ms.values())
        delayed = self._withdrawn or any(self._delays_ms)
        return Habits(
            answer_delay=thinned(self._delays_ms or [0]) if delayed else None,
            no_answer=missed / (missed + len(self._delays_ms)) if missed else 0.0,
            back_after=thinned(back_ms) if back_ms else None,
        )

    def note_text(self, lineup: Lineup, surge: Surge) -> None:
        """Who hung up during the text of the incident, and when."""
        for one in lineup.tries:
            heard_ms = one.story.heard_ms
            if heard_ms is not None:
                share = (heard_ms + 0.5) / surge.announcement_ms * surge.deflect
                self._say(Purpose.DEFLECT, one, one.attempt, share)
            elif one.story.incident:
                self._say(Purpose.DEFLECT, one, one.attempt, NO)

    def note_keys(self, lineup: Lineup, heard: Heard, streams: Sequence[Stream]) -> None:
        """What was pressed by whom."""
        for one in lineup.tries:
            keys = streams[one.stream].keys
            for number, key in enumerate(heard.answers[one.story.contact].values()):
                self._say(Purpose.KEY, one, _place(one, number), number_of(keys, key))

    def note_calls(self, lineup: Lineup, attempts: Attempts) -> None:
        """Who was called and answered."""
        for one in lineup.tries:
            for number, answered in enumerate(attempts.answered.get(one.story.contact, ())):
                self._say(Purpose.CALLED_BACK, one, _place(one, number), YES if answered else NO)

    def _carry(self, one: Try) -> None:
        """What was left of it when the day began."""
        story, start_ms = one.story, self._start_ms
        if not story.talked_at(start_ms):
            waits = [ms - (start_ms - story.arrived_ms) for ms in story.waits_ms()]
            left_ms = story.left.t_ms - start_ms if story.left is not None else None
            self._patience(one, max([0, *waits]), left_ms)
            self._work(one, story.answered)
            return
        self._know(Purpose.PATIENCE, one, 0, LONGEST_MS)
        self._know(Purpose.ANSWER_DELAY, one, 0, 0)
        self._say(Purpose.NO_ANSWER, one, 0, NO)
        goes_on = [segment for segment in story.answered if _worked_until_ms(segment) > start_ms]
        self._work(one, goes_on)
        if goes_on and goes_on[0].answered_ms <= start_ms:
            self._know(Purpose.TALK, one, 0, _worked_until_ms(goes_on[0]) - start_ms)
            self._know(Purpose.HOLD, one, 0, 0)

    def _wait(self, one: Try) -> None:
        waited_ms = max(one.story.waits_ms(), default=0)
        self._patience(one, waited_ms, one.story.gave_up_after_ms)

    def _patience(self, one: Try, waited_ms: int, gave_up_ms: int | None) -> None:
        """Of a contact that waited several times it was longer than each wait that was answered."""
        column = Purpose.PATIENCE, one.stream, one.attempt
        if gave_up_ms is None:
            self.outlasted[column][one.index] = waited_ms
        else:
            self.lengths[column][one.index] = max(gave_up_ms, waited_ms + 1 if waited_ms else 0)

    def _rings(self, one: Try) -> None:
        for number, (offer, ring) in enumerate(one.story.rings.items()):
            place = _place(one, number)
            self._say(Purpose.NO_ANSWER, one, place, YES if ring.end == "missed" else NO)
            if ring.end == "answered":
                self._delays_ms.append(ring.rang_ms)
                self._know(Purpose.ANSWER_DELAY, one, place, ring.rang_ms)
            elif ring.end == "withdrawn":
                self._withdrawn += 1
                self.outlasted[Purpose.ANSWER_DELAY, one.stream, place][one.index] = ring.rang_ms
            else:
                self._missed += 1
                if offer in self._back_ms:
                    self._know(Purpose.BACK_AFTER, one, place, self._back_ms[offer])

    def _work(self, one: Try, segments: list[Segment]) -> None:
        for number, segment in enumerate(segments):
            place = _place(one, number)
            over = one.story.over or segment is not segments[-1] or segment.kind == "transfer"
            over = over and segment.kind != "handed back"  # its agent went home: it would have gone on
            self._know(Purpose.HOLD, one, place, self._asked.hold_ms(segment))
            self._ask(one, place, segment)
            if over:
                self._know(Purpose.TALK, one, place, segment.talk_ms)
                self._know(Purpose.WRAP_UP, one, place, segment.wrap_up_ms)
                self._say(Purpose.ESCALATE, one, place, YES if segment.kind == "transfer" else NO)
            else:
                self.outlasted[Purpose.TALK, one.stream, place][one.index] = segment.talk_ms

    def _ask(self, one: Try, place: int, segment: Segment) -> None:
        self._say(Purpose.CONSULT, one, place, YES if self._asked.of(segment) else NO)
        if answer_ms := self._asked.answer_ms(segment):
            self._know(Purpose.CONSULT_TALK, one, place, answer_ms)

    def _again(self, one: Try) -> None:
        """Whether who was not served came again."""
        if one.follows is not None:
            self._say(Purpose.REDIAL, one, one.attempt, YES)
            self._know(Purpose.REDIAL_DELAY, one, one.attempt, one.story.again_after_ms(one.follows))
        elif one.story.failed_ms is not None:
            self._say(Purpose.REDIAL, one, one.attempt, NO)

    def _know(self, purpose: Purpose, one: Try, attempt: int, length_ms: int) -> None:
        self.lengths[purpose, one.stream, attempt][one.index] = length_ms

    def _say(self, purpose: Purpose, one: Try, attempt: int, share: float) -> None:
        self.shares[purpose, one.stream, attempt][one.index] = share


def _place(one: Try, number: int) -> int:
    """The number of a segment or offer, as columns count them."""
    return SEGMENTS * one.attempt + min(number, SEGMENTS - 1)


def _worked_until_ms(segment: Segment) -> int:
    return segment.answered_ms + segment.talk_ms + segment.hold_ms

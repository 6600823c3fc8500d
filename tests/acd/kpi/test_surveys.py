"""What parties said about their talk."""

from acd.core import facts
from acd.core.events import ContactId
from acd.core.facts import Fact
from acd.kpi.surveys import Survey, Surveys
from agents.skills import AgentId
from queues.desk import LineId
from queues.names import TreatmentId

ASKS = TreatmentId("asks")


def folded(*told: Fact) -> list[Survey]:
    found: list[Survey] = []
    surveys = Surveys(found.append)
    surveys.take(told)
    surveys.close()
    return found


def began(contact: int, t_ms: int = 1_000) -> Fact:
    return facts.SurveyBegan(t_ms, ContactId(contact), AgentId("anna"), LineId("help"), ASKS)


def pressed(contact: int, key: str) -> Fact:
    return facts.KeyChosen(2_000, ContactId(contact), ASKS, 3, key)


def over(contact: int) -> Fact:
    return facts.Released(3_000, ContactId(contact), LineId("help"), "survey")


def test_the_first_digit_is_the_mark_and_a_key_before_the_talk_is_none() -> None:
    (one,) = folded(pressed(1, "9"), began(1), pressed(1, "#"), pressed(1, "4"), pressed(1, "5"), over(1))
    assert (one.score, one.keys, one.agent, one.line) == (4, ("#", "4", "5"), "anna", "help")


def test_who_presses_nothing_has_been_asked() -> None:
    assert [one.score for one in folded(began(1), over(1), began(2))] == [None, None]

"""Skills, levels and fitness."""

from hypothesis import given
from hypothesis import strategies as st

from agents.skills import Alternative, SkillId, fitness, meets

Alternatives = tuple[Alternative, ...]
NETWORK, GERMAN = SkillId("network"), SkillId("german")
SKILLS = st.dictionaries(st.sampled_from([NETWORK, GERMAN, SkillId("sap")]), st.integers(1, 9))
ALTERNATIVE = st.dictionaries(st.sampled_from([NETWORK, GERMAN]), st.integers(1, 9)).map(
    lambda found: tuple(sorted(found.items()))
)


def test_every_requirement_of_an_alternative_must_be_met() -> None:
    assert meets({NETWORK: 3, GERMAN: 2}, ((GERMAN, 2), (NETWORK, 3)))
    assert not meets({NETWORK: 3, GERMAN: 1}, ((GERMAN, 2), (NETWORK, 3)))
    assert not meets({NETWORK: 9}, ((GERMAN, 1),))


def test_fitness_is_that_of_the_best_alternative_met() -> None:
    both, one = ((GERMAN, 1), (NETWORK, 1)), ((NETWORK, 5),)
    assert fitness({NETWORK: 4, GERMAN: 2}, (both, one)) == 7
    assert fitness({NETWORK: 4, GERMAN: 2}, (one,)) == 0


def test_a_requirement_of_nothing_is_met_by_everybody() -> None:
    assert fitness({}, ((),)) == 1
    assert fitness({}, ()) == 0


@given(skills=SKILLS, alternatives=st.lists(ALTERNATIVE, max_size=3).map(tuple))
def test_zero_means_exactly_that_no_alternative_is_met(
    skills: dict[SkillId, int], alternatives: Alternatives
) -> None:
    assert (fitness(skills, alternatives) > 0) is any(meets(skills, one) for one in alternatives)


@given(skills=SKILLS, alternatives=st.lists(ALTERNATIVE, min_size=1, max_size=3).map(tuple))
def test_one_more_alternative_never_makes_anybody_less_fit(
    skills: dict[SkillId, int], alternatives: Alternatives
) -> None:
    assert fitness(skills, alternatives) >= fitness(skills, alternatives[:-1])

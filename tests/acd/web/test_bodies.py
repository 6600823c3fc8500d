"""What a body says is what is meant: nothing is read as something else."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from acd.web import bodies

NOT_OF = {
    int: (True, False, "1", 1.0, 1.5, [1]),
    bool: (0, 1, "true", "false", "no", 1.0),
    str: (1, True, ["a"], {}),
}
"""What JSON may bring, and what is none of it."""


def kinds(annotation: Any) -> set[Any]:
    found = get_args(annotation) if get_origin(annotation) in (UnionType,) else (annotation,)
    return set(found)


def fields() -> Iterator[tuple[type[BaseModel], str, type]]:
    for model in vars(bodies).values():
        if isinstance(model, type) and issubclass(model, bodies._Request) and model is not bodies._Request:
            for name, field in model.model_fields.items():
                for kind in kinds(field.annotation) & set(NOT_OF):
                    yield model, name, kind


def test_there_are_fields_to_look_at() -> None:
    assert {kind for _, _, kind in fields()} == set(NOT_OF)


@pytest.mark.parametrize(
    ("model", "name", "kind"), list(fields()), ids=lambda it: getattr(it, "__name__", it)
)
def test_true_is_no_number_and_a_number_no_yes(model: type[BaseModel], name: str, kind: type) -> None:
    """`priority_class: true` once put a caller in class 1."""
    for wrong in NOT_OF[kind]:
        with pytest.raises(ValidationError) as refused:
            model.model_validate({name: wrong})
        assert name in [error["loc"][0] for error in refused.value.errors() if error["loc"]], wrong


def test_words_of_a_list_are_read_as_such() -> None:
    """JSON knows no enumerations."""
    assert bodies.StateChange.model_validate({"state": "ready"}).state is bodies.WantedState.READY
    incident = {"id": "water", "texts": {"en": "no water"}, "for_ms": 3_600_000, "mode": "end"}
    assert bodies.IncidentRequest.model_validate(incident).mode.value == "end"

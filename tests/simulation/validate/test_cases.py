"""Files of truth cases: what they may say, and what is said about those that cannot be run."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from simulation.validate.cases import Case, read_cases
from simulation.validate.families import family_of
from simulation.validate.inputs import Inputs, Unusable
from simulation.validate.run import formulas_only, run_cases

B = {"id": "B", "model": "M/M/n/n", "inputs": {"a": 10, "n": 10}, "expect": {"P_block": "0.214582343107"}}


def written(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps({"cases": list(cases)}))
    return path


def read(folder: Path, **changed: Any) -> Case:
    (case,) = read_cases(written(folder, B | changed))
    return case


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": 3}, "B: model: must be a text"),
        ({"inputs": []}, "B: inputs: must be an object"),
        ({"expect": {}}, "B: expect: must be an object, and not empty"),
        ({"expect": {"P_block": "a lot"}}, "B: expect.P_block: must be a number, not 'a lot'"),
        ({"expect": {"Wq": ["1.0", None]}}, r"B: expect.Wq\[1\]: must be a number, not None"),
        ({"expect": {"P_block": "inf"}}, "B: expect.P_block: must be a number"),
        ({"id": None}, r"cases\[0\].id: must be a text"),
    ],
)
def test_a_malformed_case_is_named_with_its_file_and_key(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=rf"cases\.json: {said}"):
        read(tmp_path, **changed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "cases: must be a list of at least one case"),
        ('{"cases": []}', "cases: must be a list of at least one case"),
        ('{"cases": [3]}', r"cases\[0\]: must be an object"),
        (json.dumps({"cases": [B, B]}), "B: id: is used by more than one case"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_cases(path)
    with pytest.raises(ConfigError, match="No such file"):
        read_cases(tmp_path / "nothing.json")


def test_numbers_may_be_texts_and_times_may_be_in_any_unit(tmp_path: Path) -> None:
    told = {"calls_per_hour": "200", "aht_s": 180, "agents": "14", "target_s": 20}
    same = {"calls_per_min": 200 / 60, "aht_min": "3", "agents": 14, "target_s": 20}
    expect = {"P_wait": "0.174131933595", "SL": "0.888350019179"}
    seconds = read(tmp_path, model="M/M/n", inputs=told, expect=expect | {"ASA": "7.83593701178"})
    minutes = read(tmp_path, model="M/M/n", inputs=same, expect=expect | {"ASA": 7.83593701178 / 60})
    assert all(verdict.passed for verdict in formulas_only([seconds, minutes]))


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("M/M/n/n", "M/M/n/n"),
        ("m/m/c/c", "M/M/n/n"),
        ("M/M/n", "M/M/n"),
        ("M/M/n+M", "M/M/n+M"),
        ("M/M/n/K", "M/M/n/K(+M)"),
        ("M/M/n/K+M", "M/M/n/K(+M)"),
        ("M/G/1", "M/G/1"),
        ("M/M/n non-preemptive priority", "priority, M/M/n"),
        ("M/G/1 non-preemptive priority", "priority, M/G/1"),
        ("accumulating priority M/M/12", "accumulating priority"),
        ("M/M/n preemptive-resume priority (calls interrupt e-mail)", "preemptive-resume priority"),
        ("M/M/n+M with redials (fixed point)", "redials"),
        ("required agents M/M/n", "required agents"),
        ("M(t)/M/inf periodic offered load", "M(t)/M/infinity"),
        ("M(t)/M/n+M transient, mass-incident surge, empty start", "M(t)/M/n+M"),
    ],
)
def test_the_family_is_told_by_the_name_of_the_model(tmp_path: Path, model: str, family: str) -> None:
    assert family_of(read(tmp_path, model=model)).name == family


def test_a_case_that_cannot_be_run_fails_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        B | {"id": "unknown", "model": "G/G/7 with balking"},
        B | {"id": "absent", "inputs": {"a": 10}},
        B | {"id": "odd", "inputs": {"a": 10, "n": 2.5}},
        B | {"id": "grows", "model": "M/M/n", "inputs": {"a": 10, "n": 9}, "expect": {"P_wait": 1}},
        B | {"id": "more", "expect": {"P_block": "0.214582343107", "colour": 3}},
        B,
    )
    found = {verdict.id: verdict for verdict in run_cases(read_cases(path), calls=1_000)}
    reasons = {id_: verdict.reason for id_, verdict in found.items() if not verdict.passed}
    assert reasons.keys() == {"unknown", "absent", "odd", "grows", "more"}
    assert "model: 'G/G/7 with balking' is not one of" in reasons["unknown"]
    assert reasons["absent"].endswith("cases.json: absent: inputs.agents: is missing")
    assert reasons["odd"].endswith("odd: inputs.agents: must be a whole number")
    assert "10 Erlang on 9 agents grows for ever" in reasons["grows"]
    block, colour = found["more"].quantities
    assert block.passed
    assert colour.reason == "this family has no such quantity"


def test_a_wrong_digit_in_the_file_is_found(tmp_path: Path) -> None:
    (verdict,) = formulas_only([read(tmp_path, expect={"P_block": "0.214582344107"})])
    assert not verdict.passed
    assert verdict.quantities[0].reason == "the closed form is off by 4.7e-09"


def test_a_value_that_theory_and_engine_deny_fails_on_both_grounds(tmp_path: Path) -> None:
    (verdict,) = run_cases([read(tmp_path, expect={"P_block": "0.314582343107"})], calls=3_000)
    reason = verdict.quantities[0].reason
    assert "the closed form is off by" in reason
    assert "standard errors off" in reason


@pytest.mark.parametrize(
    ("model", "inputs", "said"),
    [
        ("M/M/n+M", {"a": 3, "n": 2}, "inputs.theta: is missing"),
        ("M/M/n/K", {"a": 3, "n": 2}, "inputs.lines: is missing"),
        ("M/M/n/K", {"a": 3, "n": 5, "lines": 4}, "inputs.lines: must not be below the number of agents"),
        ("accumulating priority M/M/1", {"lams": [1], "mu": 2, "n": 1, "rates_b": [1, 2]}, "inputs.rates_b"),
        (
            "M/G/1 non-preemptive priority",
            {"lams": [1], "ES": [1], "ES2": [0.5]},
            "inputs.ES2: a mean square",
        ),
        ("M(t)/M/inf", {"lam_bar": 1, "amplitude": 2, "mu": 1, "period": 8}, "inputs.amplitude"),
        (
            "M(t)/M/n+M",
            {"agents": 2, "aht_min": 4, "segments_until_min_rate_per_min": [[3]]},
            "must be a list",
        ),
        ("M/M/n", {"calls_per_hour": 3, "aht_s": "long", "agents": 2}, "inputs.aht_s: must be a number"),
    ],
)
def test_an_absurd_input_is_named(tmp_path: Path, model: str, inputs: dict[str, Any], said: str) -> None:
    case = read(tmp_path, model=model, inputs=inputs)
    with pytest.raises(Unusable, match=said.replace("[", r"\[")):
        family_of(case).formulas(Inputs(case))

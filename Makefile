# Two commands for a fresh Debian or Ubuntu: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECONDS ?= 60

# The pure parts: no process, no socket, no disk. Without the longest random walk over the core.
FAST := tests/agents tests/queues tests/config tests/acd/core tests/acd/kpi tests/channels/sip/protocol \
	tests/golden/test_journals.py --ignore tests/acd/core/test_machine.py \
	$(addprefix tests/simulation/test_,$(addsuffix .py,laws model_oracle model_stories playable shifts simpy_driver))

.PHONY: run test test-fast test-long check lock bench clean

run: $(VENV)/.run-ready
	$(BIN)/acd demo --seconds $(SECONDS)

test: $(VENV)/.test-ready
	$(BIN)/pytest -m "not long"

test-fast: $(VENV)/.test-ready
	$(BIN)/pytest -m "not long" $(FAST)

test-long: $(VENV)/.test-ready
	$(BIN)/pytest -m "long"

check: $(VENV)/.test-ready
	bash .ci/run

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV) && bash .ci/packages python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.run-ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.test-ready: requirements-dev.lock $(VENV)/.run-ready .ci/packages
	bash .ci/packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

lock: $(VENV)/.test-ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra pyvoip --extra kernel -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra pyvoip --extra kernel --extra dask --extra dev -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

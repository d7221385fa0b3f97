# `make demo` sets up and runs the main job; `make test` sets up and passes the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test proof lint serve clean

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: .venv/.ready
	$(BIN)/roi-pipeline demo

test: .venv/.ready
	$(BIN)/pytest -n auto --dist loadscope -m "not slow"
	$(BIN)/pytest -n auto --dist loadscope -m slow

# The long proofs: stops at many points, kills, losses and many sequences of edits; takes hours.
proof: .venv/.ready
	ROI_CRASH_STEP=29 ROI_KILLS=100 ROI_SEQUENCES=100 ROI_LOSSES=100 \
		$(BIN)/pytest -n auto --dist loadscope tests/faults/test_crashes.py \
		tests/faults/test_lost_state.py tests/publish/test_incremental.py

lint: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

# Dagster's UI on http://localhost:3000 for the demo portfolio.
serve: .venv/.ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,webserver]'
	mkdir -p demo/state/dagster && cp dagster.yaml demo/state/dagster/
	DAGSTER_HOME=$(CURDIR)/demo/state/dagster ROI_PORTFOLIO=$(CURDIR)/demo $(BIN)/dagster dev

clean:
	rm -rf .venv demo

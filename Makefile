# `make run` opens battui, `make test` checks it. Each sets up what it needs, once.

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.done
MODEL := smollm2-135m

.PHONY: run test test-slow terminal bench lint format clean

# The checkout's own image, so that trying battui out leaves your own alone.
run: export BATTUI_IMAGE := $(or $(BATTUI_IMAGE),$(CURDIR)/.battui/image)
run: $(STAMPS)/run
	@$(BIN)/battui model pull $(MODEL)
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/battui; else exec $(BIN)/battui demo; fi

test: lint
	$(BIN)/python -m pytest

test-slow: $(STAMPS)/dev
	$(BIN)/python -m pytest -m slow

# Every way to leave the screen, eight times each, idle and under load; and battui under tmux.
terminal: $(STAMPS)/dev
	$(BIN)/python -m pytest -m "slow or not slow" tests/terminal

bench: $(STAMPS)/dev
	@for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

lint: $(STAMPS)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) .battui .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(STAMPS)/run: pyproject.toml constraints.txt $(STAMPS)/venv
	@echo "Installing what battui needs: some minutes, the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable .
	@touch $@

$(STAMPS)/dev: pyproject.toml constraints.txt $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable '.[dev]'
	@touch $@ $(STAMPS)/run

$(STAMPS)/venv: constraints.txt
	@for python in python3.13 python3.12 python3.11 python3 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Setting up $(VENV) with $$python"; exec $$python -m venv $(VENV); \
	  fi; \
	done; echo "battui needs Python 3.11 or newer: none was found on the PATH." >&2; exit 1
	@mkdir -p $(STAMPS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	@touch $@

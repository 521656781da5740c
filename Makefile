# make demo    set everything up, grade the reference CNN
# make test    set everything up, run all tests
# make verify  grade all references, starters and counterexamples of the course
# make bench   measure, write the figures to docs/performance.md, and say which moved since the last time
# make peers   the same against graders that courses use today, which it installs beside this one
# make check   formatting, lint, types, direction of imports
# make lock    renew constraints.txt from what is installed

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test verify bench peers check format lock clean

help:
	@sed -n 's/^# make /make /p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make demo PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

# A sandbox reads the package and can't keep what Python compiles of it, so that is done here.
$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -m compileall -q grader
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/grade data fetch mnist
	$(BIN)/grade submit mission_cnn reference_solutions/mission_cnn --sandbox bubblewrap --out reports/demo

test: $(VENV)/.installed-dev
	$(BIN)/grade data fetch mnist
	$(BIN)/grade data fetch cifar10-standin
	$(BIN)/python -m pytest $(PYTEST_ARGS)

verify: $(VENV)/.installed
	$(BIN)/grade data fetch mnist
	$(BIN)/grade data fetch cifar10-standin
	$(BIN)/grade verify $(VERIFY_ARGS)

bench: $(VENV)/.installed-dev
	$(BIN)/grade data fetch mnist
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

peers: $(VENV)/.installed-dev
	$(BIN)/grade data fetch mnist
	$(BIN)/python -m benchmarks.peers $(PEERS_ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/unit/test_architecture.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: $(VENV)/.installed-dev
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^pip==' > constraints.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

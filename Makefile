# What a developer runs. A fresh clone needs Python 3.10 or later with pip, and make; all else goes into .venv.
#
#   PYTHON=python3.12   the interpreter .venv is made with (another version than before makes it anew)
#   JOBS=3              test processes at a time (three for two cores: they often wait for other processes)
#   ARGS="-k cache"     further arguments for pytest, or for the benchmarks
#   SESSIONS="tests-3.10(awscli-1.45)"   the one pair that test-all is to run

PYTHON ?= python3
JOBS ?= $(shell echo $$((3 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) / 2)))
ARGS ?=
SESSIONS ?= tests

# Rooms that start few processes or none. What the rest tests is tested with the real aws, xacct and terminals.
QUICK := tests/manifest tests/discovery tests/configfile tests/profiles tests/contracts tests/credentials tests/sts
PROPERTIES := tests/manifest tests/discovery tests/configfile tests/profiles tests/mfa/test_codes.py tests/storage/test_cache.py tests/cli/test_formats.py

VENV := .venv
BIN := $(VENV)/bin
PYTHON_VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
MADE := $(VENV)/made-with-$(PYTHON_VERSION)
INSTALLED := $(VENV)/installed
INSTALLED_NOX := $(VENV)/installed-nox

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-thorough test-all environments lint coverage bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Run the README's walkthrough with the real aws against an embedded AWS
	$(BIN)/python -m demo

test: $(INSTALLED) ## Run the whole suite: python3 with the newest awscli
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-quick: $(INSTALLED) ## Run the half of it that starts few processes or none, in about a minute
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(QUICK) $(ARGS)

test-thorough: $(INSTALLED) ## Run the property tests with other examples than usual, 2000 of each
	XACCT_TEST_EXAMPLES=2000 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PROPERTIES) $(ARGS)

test-all: $(INSTALLED_NOX) ## Run it with every Python 3.10-3.13 found, times awscli 1.45 and 1.46
	JOBS=$(JOBS) $(BIN)/nox --no-error-on-missing-interpreters --session "$(SESSIONS)" -- $(ARGS)

environments: $(INSTALLED_NOX)
	$(BIN)/nox --no-error-on-missing-interpreters --session "$(SESSIONS)" --install-only

lint: $(INSTALLED) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

coverage: $(INSTALLED) ## Run the suite and show which lines and branches it misses
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term $(ARGS)

bench: $(INSTALLED) ## Measure what the plugin costs, side by side with the stock CLI
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove whatever these targets made
	rm -rf $(VENV) .nox .node build dist *.egg-info .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems ship venv without the pip it puts inside; then the machine's own pip does it.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo 'awscli-xacct needs Python 3.10 or later; $(PYTHON) is $(or $(PYTHON_VERSION),not there).' \
	    'Name another one: make PYTHON=python3.12' >&2; exit 1; }
	@echo 'Making $(VENV) with Python $(PYTHON_VERSION)'
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@touch $@

$(INSTALLED): $(MADE) setup.cfg pyproject.toml
	@echo 'Installing awscli-xacct and its development tools into $(VENV)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --editable '.[test,lint]'
	@touch $@

$(INSTALLED_NOX): $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Commands for developers. A fresh clone needs make and Python 3.10 or later with pip; the rest is installed in .venv.
#
#   PYTHON=python3.12   the interpreter for .venv, which is created again if this is another one (by default python3)
#   JOBS=4              test processes at a time (by default two per core, because they often wait; 0: in pytest itself)
#   ARGS="-k cache"     additional arguments for pytest or the benchmarks
#   SESSIONS="tests-3.10(awscli-1.45)"   the only pair for test-all to run

PYTHON ?= $(shell ls .venv/made-with-* >/dev/null 2>&1 && .venv/bin/python -c '' 2>/dev/null && echo .venv/bin/python || echo python3)
JOBS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))))
ARGS ?=
SESSIONS ?= tests

# Tests that start few or no processes. The others run the real aws, xacct and terminals.
QUICK := tests/manifest tests/discovery tests/configfile tests/profiles tests/contracts tests/credentials tests/sts
PROPERTIES := tests/manifest tests/discovery tests/configfile tests/profiles tests/mfa/test_codes.py tests/storage/test_cache.py tests/cli/test_formats.py

VENV := .venv
BIN := $(VENV)/bin
PYTHON_VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
MADE := $(VENV)/made-with-$(PYTHON_VERSION)
INSTALLED := $(VENV)/installed
INSTALLED_NOX := $(VENV)/installed-nox

.DEFAULT_GOAL := help
.PHONY: help demo recording test test-quick test-thorough test-all lint coverage bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Show the plugin: the real aws and xacct with a simulated AWS
	$(BIN)/python -m demo

recording: $(INSTALLED) ## Record the demo's first part for the README
	$(BIN)/python -m demo --record docs/demo.svg

test: $(INSTALLED) ## Run the whole suite: python3 with the newest awscli
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-quick: $(INSTALLED) ## Run the half that starts few or no processes, in about a minute
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(QUICK) $(ARGS)

test-thorough: $(INSTALLED) ## Run the property tests with 2000 new examples each, and kill what handles keys everywhere
	XACCT_TEST_EXAMPLES=2000 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PROPERTIES) $(ARGS)
	XACCT_TEST_KILLS=100 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/keys/test_kills.py tests/keys/test_enrollment_kills.py $(ARGS)

test-all: $(INSTALLED_NOX) ## Run it with every installed Python 3.10-3.13, and with awscli 1.45 and 1.46
	JOBS=$(JOBS) $(BIN)/nox --no-error-on-missing-interpreters --session "$(SESSIONS)" -- $(ARGS)

lint: $(INSTALLED) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

coverage: $(INSTALLED) ## Run the suite and show uncovered lines and branches
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term $(ARGS)

bench: $(INSTALLED) ## Measure the cost of the plugin, compared with the stock CLI
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove everything that these targets created
	rm -rf $(VENV) .nox .node build dist *.egg-info .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems ship venv without ensurepip; then use the machine's own pip.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo 'awscli-xacct needs Python 3.10 or later; $(PYTHON) is $(or $(PYTHON_VERSION),missing).' \
	    'Choose another one: make PYTHON=python3.12' >&2; exit 1; }
	@echo 'Creating $(VENV) with Python $(PYTHON_VERSION)'
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@touch $@

$(INSTALLED): $(MADE) setup.cfg pyproject.toml
	@echo 'Installing awscli-xacct and its development tools into $(VENV)'
	@# Most of awscli and moto is never imported, so it need not be compiled here.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --upgrade --editable '.[test,lint]'
	@touch $@

$(INSTALLED_NOX): $(MADE) setup.cfg pyproject.toml
	@echo 'Installing awscli-xacct, its development tools and nox into $(VENV)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --upgrade --editable '.[dev]'
	@touch $(INSTALLED) $@

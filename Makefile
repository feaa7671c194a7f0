# Signet's commands. `make help` lists them. Works with GNU make 3.81 and newer.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
DEV_STAMP := $(VENV)/.dev-stamp
RUN_STAMP := $(VENV)/.run-stamp
QUICK := -n 2 --dist worksteal -m "not long and not system and not processes"
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --require-hashes --no-deps

# The first python3 that is new enough; a newer python3.N is found when plain python3 is too old.
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.15; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Signet needs Python 3.11 or newer; none was found on PATH." >&2; exit 1; fi
	@echo "Making $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing: install it (Debian and Ubuntu: apt-get install python3-venv) and run make again." >&2; exit 1; }

$(RUN_STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Signet's locked dependencies ..."
	@$(PIP) -r requirements.lock
	@$(BIN)/python -m pip --disable-pip-version-check -qq install --no-deps --no-build-isolation --editable .
	@touch $(RUN_STAMP)

$(DEV_STAMP): requirements-dev.lock $(RUN_STAMP)
	@echo "Installing the locked test tools ..."
	@$(PIP) -r requirements-dev.lock
	@touch $(DEV_STAMP)

.PHONY: run
run: $(RUN_STAMP) ## serve http://127.0.0.1:8000 with an embedded database under ./data
	@exec $(BIN)/signet serve

.PHONY: setup
setup: $(DEV_STAMP) ## make .venv with everything the tests need

.PHONY: test
test: $(DEV_STAMP) ## every test but the long ones, on SQLite and on a real PostgreSQL
	@echo "The quick tests, on two processes ..."
	@$(BIN)/python -m pytest $(QUICK)
	@echo "The tests with real worker processes ..."
	@$(BIN)/python -m pytest -m "processes and not long and not system"

.PHONY: test-long
test-long: $(DEV_STAMP) ## races, state machines and fuzzing at length
	@$(BIN)/python -m pytest -m "long and not system" --timeout 1800

.PHONY: test-system
test-system: $(DEV_STAMP) ## tests that need a browser (Chromium) from the distribution
	@$(BIN)/python -m pytest -m "system"

.PHONY: lint
lint: $(DEV_STAMP) ## ruff: format and rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: format
format: $(DEV_STAMP) ## format and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: types
types: $(DEV_STAMP) ## mypy --strict
	@$(BIN)/mypy

.PHONY: contracts
contracts: $(DEV_STAMP) ## the import contracts
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

.PHONY: check
check: lint types contracts ## format, lint, types, import contracts, the quick tests on both databases
	@$(BIN)/python -m pytest $(QUICK)

.PHONY: migrate
migrate: $(RUN_STAMP) ## bring the configured database to the newest schema
	@$(BIN)/signet migrate

.PHONY: bench
bench: $(DEV_STAMP) ## measure: statements, storm, start (ratios in one run)
	@$(BIN)/python -m bench

.PHONY: openapi
openapi: $(DEV_STAMP) ## write docs/openapi.json from the code
	@$(BIN)/python -m tests.support.openapi_document

.PHONY: env-example
env-example: $(DEV_STAMP) ## write .env.example from the settings
	@$(BIN)/python -m tests.support.env_example

.PHONY: lock
lock: $(DEV_STAMP) ## resolve and pin the dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --group build -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

.PHONY: clean
clean: ## remove caches and .venv (never ./data)
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

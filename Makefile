# Everything a person does with RingLedger. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.PHONY: help up down run seed clean status logs check test quick audit backtest replay deploy

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## List the commands
	@echo "RingLedger. Start with: make run"; echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo; echo "RINGLEDGER_PORT=9400 make up uses another port than 8400."

run: $(READY) ## Local AWS, the demo market, callers, and a live table until Ctrl-C
	@$(BIN)/python -m demo.run

up: $(READY) ## Local AWS with the platform on it, in the background
	@$(BIN)/python -m infra.local up

seed: $(READY) ## The demo market, on what `make up` started
	@$(BIN)/python -m demo.seed

down: $(READY) ## Stop local AWS and keep its state
	@$(BIN)/python -m infra.local down

status: $(READY) ## Whether local AWS runs, and where
	@$(BIN)/python -m infra.local status

logs: $(READY) ## What local AWS and the functions said
	@$(BIN)/python -m infra.local logs

clean: $(READY) ## Stop local AWS and forget its state
	@$(BIN)/python -m infra.local clean

audit: $(READY) ## Recompute every balance from the entries and compare
	@$(BIN)/python -m infra.audit $(STAGE)

replay: $(READY) ## Take up what failed and lies parked; make replay DRY=yes only tells
	@$(BIN)/python -m infra.replay $(if $(DRY),--dry-run) $(STAGE)

backtest: $(READY) ## What other terms would have made of past calls (docs/how-to/try-other-terms.md)
	@$(BIN)/python -m infra.backtest $(foreach name,CAMPAIGN TERMS FROM TO CSV,$(if $($(name)),$(name)="$($(name))"))

check: $(READY) ## Style, types, import directions and templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m infra.templates
	@echo "All checks passed. Next: make test"

# Races and whole calls on a deployed platform have the machine to themselves. The others wait for
# databases and browsers often enough that two processors have time for three of them.
ALONE := tests/races tests/e2e

test: $(READY) ## Every test, from nothing
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ALONE:%=--ignore=%)
	@for alone in $(ALONE); do $(BIN)/python -m pytest -n 2 --dist loadfile $$alone || exit 1; done

# Without what runs on emulated DynamoDB too, and with the tests as they were compiled last: both
# belong to `make test`, with the laws of whole books in tests/laws.
quick: $(READY) ## The tests of the rules alone, in seconds
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q -n 2 -k "not dynamodb" tests/core tests/flows

deploy: $(READY) ## Into your AWS account: make deploy STAGE=prod
	@$(BIN)/python -m infra.deploy $(STAGE)

# The environment is made once per content of the requirements.
$(READY): requirements.txt requirements-dev.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
	  echo "RingLedger needs Python 3.11, and '$(PYTHON)' is not that."; \
	  echo "Install python3.11, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making the environment in $(VENV) (once; about a minute) ..."
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt || { \
	  echo "pip could not install requirements-dev.txt (see above). Run the same command again."; exit 1; }
	@$(BIN)/python -m infra.build
	@touch $(READY)

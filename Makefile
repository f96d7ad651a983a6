# The only front door: `make` lists what there is. Recipes are one line; the logic lives in the scripts they call.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
NPM := npm --prefix frontend_hosting

PORT ?= 8000
BRAIN ?= speech
PAGE ?= yes
FILE ?=
SEEDS ?= 200
SEED ?=
SCENARIO ?=
WALKS ?= 1000000
WALK ?=
PARTS ?= service/policies service/session service/stores
SUITES ?= all
ARGS ?=

help:  ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-17s %s\n", $$1, $$2 }'

setup:  ## get everything this checkout needs (the other targets do it themselves)
	@sh local/setup.sh python node page
	@sh local/browser.sh

run:  ## start the assistant on this machine: emulator, service and page (PORT=8000 BRAIN=speech PAGE=yes)
	@sh local/setup.sh python $(if $(filter no,$(PAGE)),,node page)
	@$(PY) -m local --port $(PORT) --brain $(BRAIN) $(if $(filter no,$(PAGE)),--no-page) $(ARGS) || test $$? -eq 130

dev:  ## the same with a page that reloads as it is edited
	@sh local/setup.sh python node
	@$(PY) -m local --port $(PORT) --brain $(BRAIN) --dev-page $(ARGS) || test $$? -eq 130

talk:  ## ask the running assistant with a recording: make talk FILE=question.wav (ARGS=--help for more)
	@sh local/setup.sh python
	@$(PY) -m talk $(FILE) $(ARGS)

emulator:  ## the Nova Sonic emulator alone (ARGS=--help for its options)
	@sh local/setup.sh python
	@$(PY) -m emulators.nova_sonic --state-dir .run/emulator $(ARGS)

test:  ## every test: Python, page, browser; ends with one line of counts
	@sh local/setup.sh python node page
	@sh delivery/setup.sh
	@sh local/browser.sh
	@$(PY) -m local.suites $(SUITES)

test-fast:  ## the tests that need no process, no speech engine, no browser and no minutes
	@sh local/setup.sh python node
	@$(PY) -m local.suites fast

check:  ## format, lint, types and who may import whom, for Python and the page
	@sh local/setup.sh python node
	@sh delivery/setup.sh
	@sh local/check.sh

format:  ## write the format that check asks for
	@sh local/setup.sh python
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix-only --quiet .

simulate:  ## the whole service on virtual time: SEEDS=1000000 of each scenario, or one again: SCENARIO=calm SEED=7
	@sh local/setup.sh python
	@$(PY) -m tests.simulation --seeds $(SEEDS) $(if $(SCENARIO),--scenario "$(SCENARIO)") $(if $(SEED),--seed $(SEED)) $(ARGS)

drill:  ## fifty conversations through twenty rolling restarts of real processes; prints the gaps (about 4 minutes)
	@sh local/setup.sh python
	@$(PY) -m tests.drill $(ARGS)

schedules:  ## a session under WALKS=1000000 schedules of events and faults, or one again: WALK=17
	@sh local/setup.sh python
	@$(if $(WALK),WALK=$(WALK),WALKS=$(WALKS)) $(PY) -m pytest -q -s tests/service/session/test_walks.py -k no_walk

soak:  ## fifty conversations for an hour: memory, tasks, threads and descriptors must stay flat; writes docs/soak.md (ARGS="--minutes 3")
	@sh local/setup.sh python
	@$(PY) -m tests.soak $(ARGS)

mutants:  ## change the code in every small way and see which change no test notices (PARTS="service/policies")
	@sh local/setup.sh python
	@sh local/mutants.sh $(PARTS)

bench:  ## measure what a session costs on this machine and write docs/performance.md (about five minutes)
	@sh local/setup.sh python
	@$(PY) -m benchmarks $(ARGS)

bench-peers:  ## the same beside a naive server, AWS's sample shape and pipecat (about six minutes)
	@sh local/setup.sh python
	@sh benchmarks/peers/setup.sh
	@$(PY) -m benchmarks --peers $(ARGS)

lighthouse:  ## print what Lighthouse says of the page on a desktop
	@sh local/setup.sh python node page
	@sh local/browser.sh
	@$(NPM) run --silent e2e -- lighthouse.spec.ts

week:  ## write a week of made-up figures for the dashboard of `make run` (sign in there as admin@example.com)
	@sh local/setup.sh python
	@$(PY) -m tests.week .run/statistics.sqlite

pictures:  ## take the pictures of docs/client.md and docs/operations.md anew
	@sh local/setup.sh python node page
	@sh local/browser.sh
	@rm -rf .run/pictures && $(PY) -m tests.week .run/pictures/statistics.sqlite
	@VOICE_STORE_PATH=$(CURDIR)/.run/pictures/conversations.sqlite $(NPM) run --silent pictures

docs:  ## write the generated pages of docs/ anew
	@sh local/setup.sh python
	@sh local/docs.sh

lock:  ## resolve pyproject.toml's groups into requirements/*.txt
	@sh local/lock.sh

include stacks/infra.mk

clean:  ## remove everything that was made here
	@rm -rf .venv .run .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis cdk.out
	@rm -rf node_modules frontend_hosting/node_modules frontend_hosting/dist frontend_hosting/coverage frontend_hosting/test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup run dev talk emulator test test-fast check format simulate drill schedules soak mutants bench bench-peers lighthouse week pictures docs lock clean

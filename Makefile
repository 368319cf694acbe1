# What can be done here; every target works as the first command on a fresh clone.
.DEFAULT_GOAL := help
SHELL := /bin/bash
RUN := python3 deploy/local/run.py
ARGS ?=
PART ?=
# One at a time, since every part has a package called tests.
TYPED := kit gateway $(wildcard services/*) deploy/local deploy/provision deploy/demo bench tools tests

.PHONY: help up down status logs reset demo test lint format mutants bench chaos generated lock

help: ## say what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

up: ## start the whole platform on this machine
	@$(RUN) up

down: ## stop it; nothing is left running
	@$(RUN) down

status: ## say what runs, and where
	@$(RUN) status

logs: ## follow the logs (ARGS="guichet gateway" for some)
	@$(RUN) logs $(ARGS)

reset: ## stop it and delete its data
	@$(RUN) reset

demo: ## play the main job once, step by step (starts the platform when needed)
	@$(RUN) demo

test: ## run all tests on real servers (ARGS="services/guichet -k seat" for some)
	@$(RUN) test -- $(ARGS)

chaos: ## run the proofs of the promises for longer: three rounds of kill -9, outages, canaries, 5,000 messages
	@IMIGR_CHAOS_ROUNDS=3 IMIGR_CHAOS_MESSAGES=5000 $(RUN) test -- tests/chaos $(ARGS)

mutants: ## break one guarded line after the other; each must be noticed by a test (ARGS="relay-marks-first" for some)
	@$(RUN) mutants -- $(ARGS)

bench: ## measure, print a table, write bench/out/latest.json (PART=guichet_rows, events_rows, ... for one part)
	@$(RUN) exec python -m bench$(if $(PART),.$(PART)) $(ARGS)

lint: ## style, types and the rules of imports
	@$(RUN) exec ruff check .
	@$(RUN) exec ruff format --check .
	@for part in $(TYPED); do echo "mypy $$part"; $(RUN) exec mypy $$part || exit 1; done
	@$(RUN) exec lint-imports

format: ## put the style right
	@$(RUN) exec ruff check --fix .
	@$(RUN) exec ruff format .

generated: ## write what is generated: OpenAPI, AsyncAPI, the gateway's error titles
	@$(RUN) exec python tools/problem_titles.py
	@$(RUN) exec python tools/openapi.py
	@$(RUN) exec python tools/asyncapi.py

lock: ## write the hash-locked requirements again
	@$(RUN) exec python tools/lock.py

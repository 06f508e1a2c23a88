# Every target starts from the bootstrap, which is quick when there is nothing left to set up.
PYTHON ?= python3
MASHANG_VENV ?= $(CURDIR)/.venv
export MASHANG_VENV

BOOTSTRAP := $(PYTHON) deploy/local/bootstrap.py
BIN := $(MASHANG_VENV)/bin
# Ends with SIGTERM (and so drains) also when make itself is killed.
LEASH = exec $(BIN)/python -I -S deploy/local/child.py $$PPID 15 - --
CODE := services shared deploy tests
LOCK = $(BIN)/uv pip compile pyproject.toml --extra build --universal --generate-hashes \
	--python-version 3.11 --no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help run test steady fuzz check demo simulate api bench chaos defects flood lock fmt clean pages
.PHONY: cuts observe pictures secrets image

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## set up, start everything on this machine, pay one demo complaint, stay up until Ctrl-C
	@$(BOOTSTRAP) --broker
	@$(LEASH) $(BIN)/python -m deploy.local

test: ## set up and run every test (ARGS="-k words" selects)
	@$(BOOTSTRAP) --dev --broker --browser --prometheus --proxy
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

steady: ## the suite five times in a row while another process burns every core (ARGS="--times 2")
	@$(BOOTSTRAP) --dev --broker --browser --prometheus --proxy
	@$(LEASH) $(BIN)/python -m tests.steady $(ARGS)

fuzz: ## many random examples for every property; prints the seed, and SEED=... repeats them
	@$(BOOTSTRAP) --dev --broker
	@seed=$${SEED:-$$($(PYTHON) -c 'import secrets; print(secrets.randbelow(2**32))')}; \
	echo "make fuzz SEED=$$seed"; \
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=$$seed \
		--timeout=3600 $(ARGS) || { echo "again: make fuzz SEED=$$seed"; exit 1; }

check: ## lint, format, types, import contracts
	@$(BOOTSTRAP) --dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict $(CODE)
	@PYTHONPATH=. $(BIN)/lint-imports

observe: ## Prometheus beside a running `make run`, with its rules and alerts, until Ctrl-C
	@$(BOOTSTRAP) --prometheus
	@$(LEASH) $(BIN)/python -m deploy.observability

demo: ## play the newspaper's 54 complaints and reconcile (ARGS="--kill rabbitmq" kills it meanwhile)
	@$(BOOTSTRAP) --broker
	@$(LEASH) $(BIN)/python -m deploy.demo $(ARGS)

simulate: ## a year of a city through the real services, recounted (ARGS="--policy FILE --days 30")
	@$(BOOTSTRAP)
	@$(LEASH) $(BIN)/python -m deploy.simulate $(ARGS)

bench: ## measure throughput beside the alternatives, print it and write it as JSON
	@$(BOOTSTRAP) --dev --broker --wrk
	@exec $(BIN)/python -m tests.bench $(ARGS)

pages: ## every page under axe, in a Chromium of 2018 and by Lighthouse (needs Node 20)
	@$(BOOTSTRAP) --dev --browser
	@exec $(BIN)/python -m pytest -q -s tests/browser/measure.py $(ARGS)

pictures: ## the main pages as README shows them, into deploy/pictures
	@$(BOOTSTRAP) --dev --browser
	@exec $(BIN)/python -m pytest -q tests/browser/pictures.py $(ARGS)

chaos: ## die at named points, freeze, vanish, lose the database for half an hour; then recount it all
	@$(BOOTSTRAP) --dev --broker
	@$(LEASH) $(BIN)/python -m tests.chaos $(ARGS)

api: ## 100,000 generated cases for the public API, in chains too (ARGS="--cases 20000 --seed 7")
	@$(BOOTSTRAP) --dev
	@exec $(BIN)/python -m tests.api $(ARGS)

flood: ## 10,000 submissions of one source, and what becomes of them and of everybody else's
	@$(BOOTSTRAP) --dev
	@exec $(BIN)/python -m pytest -q -s tests/integration/test_flood.py --flood 10000 --timeout 900

cuts: ## break each endpoint's connection before every word that it says to the database
	@$(BOOTSTRAP) --dev
	@exec $(BIN)/python -m pytest -q tests/integration/test_lost_connections.py --cuts 1

secrets: ## every secret of an installation as a file (ARGS="FOLDER --postgres HOST --broker HOST")
	@$(BOOTSTRAP)
	@exec $(BIN)/python -m deploy.cluster secrets $(or $(ARGS),deploy/compose/secrets)

image: ## what the Dockerfile does, in a Debian that debootstrap makes (root only)
	@exec sh deploy/compose/try.sh $(ARGS)

defects: ## seed known defects one by one and see that the suite notices each (ARGS="word" selects)
	@$(BOOTSTRAP) --dev --broker
	@exec $(BIN)/python -m tests.defects $(ARGS)

lock: ## resolve both lock files again
	@$(BOOTSTRAP) --dev
	@$(LOCK) --upgrade --output-file requirements.lock
	@$(LOCK) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock

fmt: ## format the code and repair what the linter can
	@$(BOOTSTRAP) --dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## remove the virtual environment, local data and caches
	rm -rf .venv .mashang build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Nothing is assumed but python3 >= 3.11 and make: everything else is installed into .venv.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help demo setup run console doctor test sealed check format fmt lint types imports texts litellm bench soak fuzz rehearse docs lock sbom audit clean

help: ## List these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## Try Parley in the browser: no account, token or server needed
	@$(BIN)/parley demo

setup: $(VENV)/.runtime ## Ask for tokens and the model, check each and write .env
	@$(BIN)/parley setup

run: $(VENV)/.runtime ## Run the bot for real, as .env says (= parley serve)
	@$(BIN)/parley serve

console: $(VENV)/.runtime ## Chat in this terminal
	@$(BIN)/parley console

doctor: $(VENV)/.runtime ## Check tokens, model and database, and say what is wrong
	@$(BIN)/parley doctor

# Some tests play with real processes, sockets and seconds. What failed beside others is asked once more alone.
test: $(VENV)/.development ## Run every test
	$(BIN)/pytest -q -n auto --dist loadfile || \
		{ echo "Once more, alone:"; $(BIN)/pytest -q --last-failed --last-failed-no-failures none; }

# One run on SQLite of what reads, searches, merges, exports and forgets what was said.
sealed: $(VENV)/.development ## Run some tests once more, with everything that was said encrypted
	TEST_SEALED=1 $(BIN)/pytest -q -n auto --dist loadfile -k "not postgresql" tests/test_forgetting.py tests/test_edits.py \
		tests/test_transcripts.py tests/test_response_cache.py tests/commands/test_search.py \
		tests/commands/test_experiments.py tests/commands/test_privacy.py tests/upkeep/test_database.py

check: format lint types imports ## Everything but the tests: format, lint, types, import rules

format: $(VENV)/.development
	$(BIN)/ruff format --check .

fmt: $(VENV)/.development ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lint: $(VENV)/.development
	$(BIN)/ruff check .

types: $(VENV)/.development
	$(BIN)/mypy

imports: $(VENV)/.development
	$(BIN)/lint-imports

texts: $(VENV)/.development ## Bring the catalogues up to date with the sentences in the code
	$(BIN)/python -m bot.texts.extract

litellm: $(VENV)/.development ## Play the model's faults through LiteLLM's proxy, in an environment of its own (700 MB)
	@test -x $(VENV)/litellm/bin/litellm || { \
		$(UV) venv -q $(VENV)/litellm && $(UV) pip install -q --python $(VENV)/litellm/bin/python 'litellm[proxy]'; }
	PARLEY_LITELLM=$(VENV)/litellm/bin/litellm $(BIN)/pytest -q tests/scenarios/test_faults.py -k "litellm and not postgresql"

bench: $(VENV)/.development ## Measure what the README claims
	$(BIN)/python -m benchmarks

soak: $(VENV)/.development ## Break everything while two thousand questions are answered, and count
	$(BIN)/python -m tests.scenarios.soak

fuzz: $(VENV)/.development ## Fuzz every parser of outside bytes, a minute each (SECONDS=60)
	@$(UV) sync --frozen --inexact --all-extras --group fuzz --quiet
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

rehearse: ## Go through the Dockerfile's steps without a container engine
	$(PYTHON) deploy/rehearse.py

docs: $(VENV)/.docs ## Build the documentation into site/; every link has to lead somewhere
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(UV) ## Choose the newest allowed version of every dependency
	$(UV) lock --upgrade

SBOM ?= dist/parley.cdx.json
sbom: $(UV) ## List every locked package that Parley runs with, as CycloneDX (dist/parley.cdx.json)
	@mkdir -p $(dir $(SBOM))
	@$(UV) export --frozen --no-dev --all-extras --format cyclonedx1.5 --output-file $(SBOM) --quiet
	@echo "$(SBOM)"

# uv ends with 2 when it could not ask; that must not pass for "nothing is known", nor for "something is".
audit: $(UV) ## Ask osv.dev whether a weakness of a locked package is known
	@$(UV) audit --preview-features audit-command --frozen --no-progress $(AUDIT); status=$$?; if [ $$status -eq 2 ]; then \
		echo "Nothing was audited: the advisory service could not be asked."; exit 3; fi; exit $$status

clean: ## Remove everything that make made
	rm -rf $(VENV) dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Parley needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@echo "Preparing $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# --inexact keeps uv itself in the environment.
$(VENV)/.runtime: pyproject.toml uv.lock | $(UV)
	@echo "Installing what Parley needs …"
	@$(UV) sync --frozen --inexact --extra charts --no-dev --compile-bytecode --quiet
	@touch $@

$(VENV)/.development: pyproject.toml uv.lock | $(UV)
	@echo "Installing what tests and checks need …"
	@$(UV) sync --frozen --inexact --all-extras --compile-bytecode --quiet
	@touch $(VENV)/.runtime $@

$(VENV)/.docs: pyproject.toml uv.lock | $(VENV)/.development
	@echo "Installing what the documentation needs …"
	@$(UV) sync --frozen --inexact --all-extras --group docs --compile-bytecode --quiet
	@touch $@

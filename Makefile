# make demo     a whole night, twice, on an invented district; no credentials, no network
# make test     all tests;   make test-real   the same against real servers, installed by apt and npm
# make record   what the real servers answer, kept for make test
# make check   lint, types, floors, tests;   make lock   the hashed lock files
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_LOCK := config/requirements.lock
TEST_LOCK := config/requirements-test.lock
STORED := tests/store/test_store_findings.py tests/store/test_store_known.py tests/store/test_store_runs.py tests/test_spending.py tests/test_nightly.py tests/test_demo.py tests/cli/test_findings_cli.py
PUBLISHED := gravatar github mastodon approved_platforms
PIP := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo test test-real real-servers record check coverage lint types floors lock bench tools clean

demo: $(VENV)/.run
	$(BIN)/audit demo

test: $(VENV)/.test tools
	$(BIN)/python -m pytest -n 2 --dist loadfile

real-servers: $(VENV)/.test
	sh tests/realservers/install.sh
	sh tests/realservers/bluesky/install.sh $(BIN)
	sh tests/realservers/install_node.sh $(BIN) fediverse github prism

record: real-servers
	$(BIN)/python -m pytest -m real --record -rs tests/realservers

test-real: $(VENV)/.test real-servers
	$(BIN)/python -m pytest -m real -rs tests/realservers
	$(BIN)/python -m pytest -s -p tests.realservers.through_prism tests/connectors/test_google_*.py
	$(BIN)/python -m pytest -s -p tests.realservers.on_postgresql $(STORED)
	$(BIN)/python -m pytest -s -p tests.realservers.through_specs $(PUBLISHED:%=tests/connectors/profiles/test_%.py)

check: lint types floors coverage

coverage: $(VENV)/.test tools
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json
	$(BIN)/python tests/tools/coverage_floor.py .coverage.json

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

floors: $(VENV)/.test
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

lock: $(VENV)/.test
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra build setup.cfg -o $(RUN_LOCK)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra build --extra test --extra dev setup.cfg -o $(TEST_LOCK)

tools: $(VENV)/.test
	sh tests/tools/system.sh
	sh tests/tools/install.sh $(BIN)

$(VENV)/bin/python:
	sh tests/tools/venv.sh $(PYTHON) $(VENV)

$(VENV)/.run: $(VENV)/bin/python $(RUN_LOCK) setup.cfg
	$(PIP) install --require-hashes -r $(RUN_LOCK)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test: $(VENV)/bin/python $(TEST_LOCK) setup.cfg
	$(PIP) install --require-hashes -r $(TEST_LOCK)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) .tools demo build *.egg-info

# tierwatch: `make demo` and `make test` set everything up themselves.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin
READY  := $(VENV)/.ready

# $(call install,VENV,LOCK): everything at its pinned version, then ourselves.
PIP     = pip install --quiet --disable-pip-version-check
define install
	$(1)/bin/$(PIP) --require-hashes -r requirements-build.lock
	$(1)/bin/$(PIP) --require-hashes -r $(2)
	$(1)/bin/$(PIP) --no-deps --no-build-isolation --editable .
endef

.DEFAULT_GOAL := help
.PHONY: help demo test test-kafka check bench benchmark-ews format clean

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(READY) ## the main job on real events: embedded broker, workers, decisions, a summary
	$(RUN)/tierwatch demo

test: $(READY) ## every test; system tests on the embedded broker
	$(RUN)/python -m pytest

test-kafka: $(READY) ## the system tests on a real Apache Kafka: TIERWATCH_BROKERS, else one from Maven artifacts (Java 17, mvn)
	$(RUN)/python -m tests.system.apache_kafka $(RUN)/python -m pytest tests/system

check: $(READY) ## style, types, layers
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: $(READY) .venv-bench/.ready ## our worker against the pure step, Quix Streams and idiomatic Faust; restore, memory, replay
	$(RUN)/python -m benchmarks.run

benchmark-ews: .venv-bench/.ready ## the streaming early-warning benchmark: ours, River's, LightGBM (benchmarks/ews/README.md)
	.venv-bench/bin/python -m benchmarks.ews.run

.venv-bench/.ready: requirements-bench.lock requirements-build.lock pyproject.toml
	@echo "setting up .venv-bench: Quix Streams, which wants older versions than ours, and LightGBM"
	$(PYTHON) -m venv .venv-bench
	$(call install,.venv-bench,requirements-bench.lock)
	@touch $@

format: $(READY) ## imports in order, what ruff can mend
	$(RUN)/ruff check --fix .

clean: ## what make has made
	rm -rf $(VENV) .venv-bench var .kafka build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock requirements-build.lock pyproject.toml
	@echo "setting up $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tierwatch needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(call install,$(VENV),requirements.lock)
	@touch $@

include ops/locks.mk

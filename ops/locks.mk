# The locks: every package at one version with its hashes. `include ops/locks.mk` in the Makefile.
# Made on demand only: a clone's file times say nothing, and setting up must not need uv.
UV ?= uv
COMPILE = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: locks
locks: ## every lock anew from pyproject.toml (needs uv)
	$(COMPILE) --extra demo --extra plots --extra test --extra check -o requirements.lock pyproject.toml
	@# What the image holds: no broker, no test and no check tools, the same versions.
	$(COMPILE) --constraint requirements.lock -o requirements-runtime.lock pyproject.toml
	@# What `make bench` compares us with.
	$(COMPILE) --extra demo --extra bench -o requirements-bench.lock pyproject.toml
	@# What builds the package in the image: the `requires` of [build-system].
	sed -n 's/^requires = \[\(.*\)\]/\1/p' pyproject.toml | tr -d '",' | $(COMPILE) -o requirements-build.lock -

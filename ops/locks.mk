# The locks: every package at one version with its hashes. `include ops/locks.mk` in the Makefile.
UV ?= uv
COMPILE = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: locks
locks: requirements.lock requirements-runtime.lock requirements-bench.lock requirements-build.lock

requirements.lock: pyproject.toml
	$(COMPILE) --extra demo --extra test --extra check -o $@ pyproject.toml

# What the image holds: no broker, no test and no check tools, the same versions.
requirements-runtime.lock: pyproject.toml requirements.lock
	$(COMPILE) --constraint requirements.lock -o $@ pyproject.toml

# What `make bench` compares us with.
requirements-bench.lock: pyproject.toml
	$(COMPILE) --extra demo --extra bench -o $@ pyproject.toml

# What builds the package in the image: the `requires` of [build-system].
requirements-build.lock: pyproject.toml
	sed -n 's/^requires = \[\(.*\)\]/\1/p' $< | tr -d '",' | $(COMPILE) -o $@ -

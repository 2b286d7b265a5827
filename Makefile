# make install | demo | test | lint | bench | clean | format; PYTHON=... chooses the interpreter of .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-long test-all lint format schemas bench clean clean-venv

BIN := .venv/bin
export PYTHON
export TF_CPP_MIN_LOG_LEVEL ?= 2

# A file in .venv says what is installed in it; it is older than pyproject.toml when that has changed since.
FULL := .venv/.gnnkit-full
DEMO := .venv/.gnnkit-demo

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(FULL): pyproject.toml
	@.ci/install dev
	@touch $(DEMO) $@

# The demo needs neither Apache Beam nor TF-GNN nor the tools of developers.
$(DEMO): pyproject.toml
	@.ci/install tb,viz
	@touch $@

install: $(FULL)  ## Install gnnkit into .venv, editable, with all extras and tools

demo: $(DEMO)  ## Train, evaluate and explain a model on a generated graph
	$(BIN)/gnnkit run colabs/configs/demo.yaml

test: $(FULL)  ## The fast tests, and the examples in docstrings
	$(BIN)/python -m pytest -q -m "not slow" -n 2 --dist loadfile

test-slow: $(FULL)  ## The slow tests
	$(BIN)/python -m pytest -q -m "slow and not long" -n 2 tests

test-long: $(FULL)  ## Slow tests that CI has no time for
	$(BIN)/python -m pytest -q -m long tests

test-all: $(FULL)  ## All tests in one run
	$(BIN)/python -m pytest -q

lint: $(FULL)  ## Style, format, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(FULL)  ## Put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schemas: $(FULL)  ## Generate the code of the .proto files
	$(BIN)/python schemas/generate.py

bench: $(FULL)  ## Run the benchmarks, one script a question
	@for script in benchmarks/[!_]*.py; do \
	  if [ -e "$$script" ]; then echo "== $$script"; $(BIN)/python "$$script"; fi; \
	done

clean:  ## Remove what tools and runs have left, but not .venv
	rm -rf build dist runs *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

clean-venv:  ## Remove .venv
	rm -rf .venv

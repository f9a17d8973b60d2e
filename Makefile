# `make demo` and `make test` need only Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo test test-full lint clean

demo: $(STAMP)
	$(RUN) -m mtl_keras demo

test: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/full -m "not full" --doctest-modules tests mtl_keras

# The whole products; results already there are not computed again.
test-full: $(STAMP)
	$(RUN) -m pytest -m full tests/full
	$(RUN) -m pytest -m full --ignore tests/full tests

lint: $(STAMP)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache

$(STAMP): setup.cfg constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable ".[dev,experiments]"
	touch $(STAMP)

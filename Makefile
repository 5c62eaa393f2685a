# make demo          a whole call on this machine, told as a ladder; then it stays up for your softphone (ONCE=1: ends after the call)
# make test          every check and test, those with real phones too
# make bench         measures, and writes benchmarks/results.json
# make build         the virtual environment with Lampfield in it
PYTHON ?= python3
BIN := .venv/bin
# With LOCKED=1 the versions of requirements.lock are installed, else the newest that pyproject.toml allows.
CONSTRAINTS := $(if $(LOCKED),-c requirements.lock)
SOURCES := pyproject.toml setup.py $(wildcard sipcore/io/*.c media/*.c media/engine/*.c media/engine/*.h)

.PHONY: demo test check bench build clean

demo: .venv/built
	$(BIN)/lampfield demo $(if $(ONCE),--once)

build: .venv/built

.venv/built: $(SOURCES)
	@PYTHON=$(PYTHON) .ci/packages run
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(CONSTRAINTS) --editable .
	@touch $@

.venv/built-for-tests: $(SOURCES)
	@PYTHON=$(PYTHON) .ci/packages test
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(CONSTRAINTS) --editable '.[test]'
	@touch .venv/built $@

check: .venv/built-for-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	media/fuzz/run.sh 20
	$(BIN)/pytest -n 2 --dist loadfile

bench: .venv/built-for-tests
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build *.egg-info

# make demo          a whole call on this machine, told as a ladder; then it stays up for your softphone (ONCE=1: ends after the call)
# make test          every check and test, those with real phones too
# make explore       property tests with examples that were never tried, each time others
# make bench         measures, and writes benchmarks/results.json
# make build         the virtual environment with Lampfield in it, as Python that can be edited
# make native        signalling compiled to C in build/native, which tests and measurements run
PYTHON ?= python3
BIN := .venv/bin
# With LOCKED=1 the versions of requirements.lock are installed, else the newest that pyproject.toml allows.
CONSTRAINTS := $(if $(LOCKED),-c requirements.lock)
NATIVE := build/native
# Puts the compiled packages before those of the checkout, also for the servers that tests start.
RUN_NATIVE := PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/$(NATIVE):$(CURDIR)
PYTEST := env $(RUN_NATIVE) $(BIN)/pytest -q --dist loadfile --no-loadscope-reorder -o pythonpath="$(NATIVE) ."
PACKAGES := sipcore media routing presence_pidf provisioning call_records status_adapters web lampfield
SOURCES := pyproject.toml setup.py $(wildcard sipcore/io/*.c media/*.c media/engine/*.c media/engine/*.h)

.PHONY: demo test test-phones test-others check fuzz explore bench build native clean

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

native: $(NATIVE)/built

$(NATIVE)/built: .venv/built-for-tests $(shell find $(PACKAGES) -type f -not -path '*/__pycache__/*' -not -name '*.so')
	rm -rf $(NATIVE)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(NATIVE) .
	@touch $@

check: .venv/built-for-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# What keeps processors busy runs side by side; so do the phones' tests, which mostly wait, and all others, which give way to them.
test: .venv/built-for-tests
	$(MAKE) -j3 --output-sync=target check native fuzz
	$(MAKE) -j2 test-phones test-others

fuzz:
	media/fuzz/run.sh 10

# Where others use the machine too, a phone may lose audio: what failed runs once more, one test after the other, and must pass.
test-phones:
	$(PYTEST) -n 3 -o cache_dir=.cache/test-phones tests/interop || \
	$(PYTEST) -o cache_dir=.cache/test-phones --last-failed --last-failed-no-failures none tests/interop

test-others:
	nice -n 5 $(PYTEST) -n 2 --ignore tests/interop

explore: $(NATIVE)/built
	$(PYTEST) -n 2 --hypothesis-profile explore -m hypothesis --ignore tests/interop

bench: $(NATIVE)/built
	$(RUN_NATIVE) $(BIN)/python -m benchmarks

clean:
	rm -rf .venv build *.egg-info

# `make demo` and `make test` set everything up in .venv and target; nothing else has to be done by hand.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

# Settings of another environment do not reach this one.
unexport CONDA_PREFIX PYTHONPATH PYTHONHOME
export VIRTUAL_ENV := $(CURDIR)/.venv
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0

python := .venv/bin/python
pip := $(python) -m pip --quiet
engine := --locked --workspace --exclude cloche-python
rust_sources := $(wildcard Cargo.toml Cargo.lock) $(shell find rust -name '*.rs' -o -name Cargo.toml)

.PHONY: help demo test bench icount wheel lint docs clean

help:
	@printf '%s\n' \
	    'make demo     write the example deal, project it, simulate 100,000 paths, print one screen' \
	    'make test     engine tests and Python tests' \
	    'make bench    microseconds a path beside NumPy and Numba' \
	    'make icount   instructions a path, compared with benchmarks/instruction_counts.json' \
	    'make wheel    sdist and wheel in dist' \
	    'make lint     formatters, clippy, ruff, mypy, import order, stub against binary' \
	    'make docs     pages of the Rust and the Python interface in build/docs' \
	    'make clean    remove everything that the other targets made'

# Environment: pip and maturin; then the extension; then what only tests, benchmarks or pages need.

.venv/.ready: scripts/venv.sh scripts/tools.sh
	@scripts/tools.sh >/dev/null
	scripts/venv.sh .venv
	$(pip) install 'maturin>=1.9.4,<2'
	@touch $@

# Its own target folder: maturin sets variables that would make plain cargo rebuild pyo3 at every turn.
.venv/.extension: .venv/.ready pyproject.toml $(rust_sources)
	$(python) -m maturin develop --locked --profile develop --target-dir target/python
	@touch $@

.venv/.test: .venv/.ready pyproject.toml
	$(pip) install --group test
	@touch $@

.venv/.bench: .venv/.ready pyproject.toml
	$(pip) install --group bench
	@touch $@

.venv/.docs: .venv/.ready pyproject.toml
	$(pip) install --group docs
	@touch $@

demo: .venv/.extension
	$(python) examples/demo.py --out build/demo

test: .venv/.test .venv/.extension
	if cargo nextest --version >/dev/null 2>&1; then \
	    cargo nextest run $(engine); \
	    cargo test --doc $(engine); \
	else \
	    cargo test $(engine); \
	fi
	$(python) -m pytest

bench: .venv/.bench .venv/.extension
	$(python) benchmarks/bench.py

icount: .venv/.ready
	$(python) scripts/icount.py

wheel: .venv/.ready
	scripts/wheel.sh '$(CURDIR)/$(python)'

lint: .venv/.test .venv/.extension
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(python) -m mypy
	.venv/bin/lint-imports
	$(python) -m mypy.stubtest cloche._core --concise

docs: .venv/.docs .venv/.extension
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps $(engine)
	rm -rf build/docs
	mkdir -p build/docs
	cp -r target/doc build/docs/rust
	$(python) scripts/pages.py build/docs/python

clean:
	rm -rf .venv build dist target python/cloche/_core*.so python/cloche/_core*.pyd
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find python tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

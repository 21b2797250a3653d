# Each target makes .venv itself when it is missing.
PYTHON ?= python3
BIN := .venv/bin
# Modules are compiled once, not by each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo check test coverage slow test-lowest versions lint docs lab bench sdks clean

help:
	@echo "make demo | check | test | coverage | slow | test-lowest | versions | lint | docs | lab | bench | clean"

.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

# The vendor's JavaScript SDKs, for the tests that let them call the embedded server. Their install scripts are not run.
SDKS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cardocr_nb/sdks
sdks:
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(SDKS) cos-nodejs-sdk-v5@3.0.0 cos-js-sdk-v5@1.10.1

# What the demo needs, half of what the tests need.
.venv/demo-ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the package with the embedded OCR engine into .venv (once: 250 MB to download, 900 MB on disk) ..."
	$(BIN)/python -m pip install --progress-bar on --disable-pip-version-check --constraint constraints.txt --editable '.[local]'
	touch $@

demo: .venv/demo-ready
	$(BIN)/python -m cardocr_nb.demo build/demo

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/python tools/check_words.py
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow and not heavy" --hypothesis-profile quick

test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile

coverage: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered

# Tables, checks, statistics and ledgers with the lowest version of each dependency that pyproject.toml allows. Tests that
# need a browser, a kernel, a server or the engine are left out, because they take long.
# Left out too: pandas' own suite for extension arrays, which each pandas has in its own form, and files of
# DataFrame.to_parquet in pandas without this package, which pyarrow opens since 19. Old releases use what the newest
# releases of their own dependencies deprecate.
LOWEST_TESTS := tests/frame tests/wire tests/quality tests/ledger tests/client tests/test_cards.py tests/test_polygon.py
LOWEST_LEFT_OUT := --ignore tests/frame/test_polygon_extension.py --ignore tests/frame/test_scale.py \
	--deselect tests/frame/test_polygon_dtype.py::TestFiles::test_a_file_opens_without_this_package \
	--deselect "tests/frame/test_open_elsewhere.py::test_parquet_opens_without_this_package[pandas with Arrow dtypes]"
LOWEST_TOOLS := altair cos_python_sdk_v5 duckdb hypothesis jiwer jsonschema nbformat plotly polars pycocotools pytest scikit-learn shapely statsmodels
empty :=
space := $(empty) $(empty)
test-lowest: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-lowest
	grep -E '^($(subst $(space),|,$(LOWEST_TOOLS)))==' constraints.txt > .venv-lowest/tools.txt
	$(BIN)/uv pip install --quiet --python .venv-lowest --resolution lowest-direct --editable '.[local,scale,excel]' -r .venv-lowest/tools.txt
	.venv-lowest/bin/python -m pytest -q -p no:cacheprovider -W ignore::DeprecationWarning -m "not slow and not heavy" \
		--hypothesis-profile quick $(LOWEST_LEFT_OUT) $(LOWEST_TESTS)

# Files of each version of pandas, pyarrow, polars and DuckDB read by each other: some 5 GB of environments.
versions: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV=$(abspath $(BIN)/uv) $(BIN)/python tools/try_versions.py build/versions

slow: .venv/ready
	$(BIN)/python -m pytest -m slow

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_words.py

docs: .venv/ready
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs build/docs
	@echo "open build/docs/index.html"

lab: .venv/ready
	$(BIN)/jupyter lab notebooks

bench: .venv/ready
	$(BIN)/python benchmarks/bench.py $(ONLY)

clean:
	rm -rf build docs/reference/generated .venv .venv-lowest .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

# From a fresh clone: `make demo` runs the workflow on its embedded world, `make test` runs the tests.
# Needs make and a Python of 3.11 to 3.13 with pip; everything else goes to .venv. Another Python: make demo PYTHON=python3.12
PYTHON ?= python3
CORES ?= all
RUN_FOLDER ?= .
PACKAGES := .venv/.installed
STAMP := .venv/.library
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
# with it every job would compile all modules that it imports
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install packages demo state test long lab lint docs clean clean-downloads
.DELETE_ON_ERROR:

help:
	@echo "make demo     run the workflow on its embedded world, then write results/report.html"
	@echo "make state    how far the run in this folder is, while it runs or after; another folder: make state RUN_FOLDER=PATH"
	@echo "make test     the tests, style and lint included"
	@echo "make long     tests that are a whole run each, beyond those of make test"
	@echo "make lab      tests on a SLURM (Debian: slurm-wlm munge slurmdbd mariadb-server) and in conda environments, both made here"
	@echo "make lint     style alone"
	@echo "make docs     key tables of the manual, picture of the rules, figures of the demo"
	@echo "make install  only .venv: the pinned packages and this library"
	@echo "make clean    remove results, simulated inputs and logs (downloads and .venv stay)"
	@echo "make clean-downloads   remove what was downloaded too: archives, model weights, scenes, weather, ocean files"

install: $(STAMP)

packages: $(PACKAGES)

$(PACKAGES): requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no newer build); found: $$("$(PYTHON)" --version 2>&1)."; \
	  echo "Name another one, for example: make $(or $(firstword $(MAKECMDGOALS)),install) PYTHON=python3.12"; \
	  exit 1; }
	@echo "Installing the pinned packages into .venv (a few minutes, about 3 GB) ..."
	@rm -rf .venv
	@# without ensurepip (Debian's python3 without python3-venv) the system's pip installs into the new environment
	@# --no-deps: the lock is complete, and leaves out what requirements.overrides names
	@set -e; \
	if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
	  "$(PYTHON)" -m venv .venv; \
	  .venv/bin/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock; \
	elif "$(PYTHON)" -m pip --version >/dev/null 2>&1; then \
	  "$(PYTHON)" -m venv --without-pip .venv; \
	  "$(PYTHON)" -m pip --python .venv/bin/python install --quiet --no-deps --require-hashes --requirement requirements.lock; \
	else \
	  echo "$(PYTHON) has neither ensurepip nor pip: install the package python3-venv or python3-pip."; exit 1; \
	fi
	@touch $@

# for notebooks and programs beside the workflow; its jobs take the library from the workflow's own src/
$(STAMP): $(PACKAGES) pyproject.toml
	@set -e; \
	if .venv/bin/python -c 'import pip' 2>/dev/null; then pip=".venv/bin/python -m pip"; \
	else pip="$(PYTHON) -m pip --python .venv/bin/python"; fi; \
	$$pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	$(RUN) snakemake --cores $(CORES)
	$(RUN) snakemake --report results/report.html --report-stylesheet report/style.css
	@echo
	@echo "Done. Open the report:"
	@echo "  $(CURDIR)/results/report.html"
	@echo "or the figures:"
	@find results -not -path "*/masks/*" \( -name "*.png" -o -name "*.gif" \) | sort | sed "s|^|  $(CURDIR)/|"

state:
	@$(RUN) python3 scripts/report/run_state.py "$(RUN_FOLDER)"

test: $(STAMP)
	$(RUN) pytest -m "not long and not real and not lab and not cluster" --numprocesses 2 --dist loadscope --no-loadscope-reorder --durations=30
	@# the cluster's jobs need both cores for themselves
	$(RUN) pytest -m cluster -rs tests/labs

long: $(STAMP)
	$(RUN) pytest -m long --durations=10

lab: $(STAMP)
	$(RUN) pytest -m lab tests/labs

lint: $(STAMP)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint

docs: demo
	$(RUN) python config/make_manual.py
	@mkdir -p docs/figures
	cp results/glacier/demo/glacier_retreat_graph.png results/glacier/demo/glacier_gallery.png docs/figures/
	cp results/snow/demo/benchmark.png docs/figures/snow_benchmark.png
	cp results/snow/demo/snow_gallery.png docs/figures/
	cp results/carbon/demo/truth_check.png docs/figures/carbon_truth_check.png
	cp results/carbon/demo/carbon_gallery.png docs/figures/
	cp results/ocean/demo/ocean_biome_map.png results/ocean/demo/ocean_coverage.png docs/figures/
	cp results/ocean/demo/truth_check.png docs/figures/ocean_truth_check.png
	{ printf '# The rules\n\nMade by `make docs`.\n\n```mermaid\n'; $(RUN) snakemake --quiet all --rulegraph mermaid-js; echo '```'; } > docs/rulegraph.md

# a simulated site has a folder truth; all else in resources/ was downloaded, or made from downloads
clean:
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	for truth in resources/*/*/truth; do if [ -d "$$truth" ]; then rm -rf "$${truth%/truth}"; fi; done
	rm -rf resources/models/demo_* resources/cache
	rm -rf logs .snakemake benchmarks/output .pytest_cache .ruff_cache

clean-downloads: clean
	find resources -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

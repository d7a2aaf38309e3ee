# From a fresh clone, `make demo` runs the workflow on synthetic data and `make test` runs the tests.
# Needs make and Python 3.11 to 3.13 with pip; everything else is installed into .venv. For another Python: make demo PYTHON=python3.12
PYTHON ?= python3
CORES ?= all
RUN_FOLDER ?= .
PACKAGES := .venv/.installed
STAMP := .venv/.library
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
# if it were set, every job would compile all modules that it imports
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install packages demo state test cluster test-all lab lint docs manual site clean clean-downloads
.DELETE_ON_ERROR:

help:
	@echo "make demo     run the workflow on synthetic data, then write results/report.html"
	@echo "make state    show the progress of the run in this folder; for another folder: make state RUN_FOLDER=PATH"
	@echo "make test     run unit tests, a small run of each study, style and lint (10 minutes on two cores)"
	@echo "make test-all run make test, a run on SLURM, the demo and all other runs (about an hour)"
	@echo "make lab      run the tests on a local SLURM (Debian: slurm-wlm munge slurmdbd mariadb-server) and in conda environments"
	@echo "make lint     check style only"
	@echo "make docs     update the configuration manual, rule graphs (Debian: graphviz) and demo figures in docs"
	@echo "make manual   update the configuration manual and the schema for editors only"
	@echo "make site     build the documentation as a web site, site/index.html, and check its links"
	@echo "make install  install the pinned packages and this library into .venv"
	@echo "make clean    remove results, synthetic inputs and logs, but not downloads and .venv"
	@echo "make clean-downloads   also remove downloads: archives, model weights, scenes, weather, ocean files"

install: $(STAMP)

packages: $(PACKAGES)

$(PACKAGES): requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Python 3.11, 3.12 or 3.13 is required (TensorFlow has no newer build); found: $$("$(PYTHON)" --version 2>&1)."; \
	  echo "Use another one, for example: make $(or $(firstword $(MAKECMDGOALS)),install) PYTHON=python3.12"; \
	  exit 1; }
	@echo "Installing the pinned packages into .venv (a few minutes, about 3 GB) ..."
	@rm -rf .venv
	@# without ensurepip (Debian's python3 without python3-venv) the system's pip installs into the new environment
	@# --no-deps: the lock is complete and excludes the packages of requirements.overrides
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

# for notebooks and other programs; jobs of the workflow import the library from src/
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

# tests of one file, or of one finished run, go to one process
IN_TWO := --numprocesses 2 --dist loadscope --no-loadscope-reorder --durations=30

test: $(STAMP)
	$(RUN) pytest -m "not long and not real and not lab and not cluster" $(IN_TWO)

cluster: $(STAMP)
	@# its jobs need both cores, so nothing else runs at the same time
	$(RUN) pytest -m cluster -rs tests/labs

test-all: test cluster
	$(RUN) pytest -m "long and not real" $(IN_TWO)

lab: $(STAMP)
	$(RUN) pytest -m lab tests/labs

lint: $(STAMP)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint

manual: $(STAMP)
	$(RUN) python config/make_manual.py

docs: demo manual
	@mkdir -p docs/figures
	cp results/glacier/demo/glacier_retreat_graph.png results/glacier/demo/glacier_gallery.png docs/figures/
	cp results/snow/demo/benchmark.png docs/figures/snow_benchmark.png
	cp results/snow/demo/snow_gallery.png docs/figures/
	cp results/carbon/demo/truth_check.png docs/figures/carbon_truth_check.png
	cp results/carbon/demo/carbon_gallery.png docs/figures/
	cp results/ocean/demo/ocean_biome_map.png results/ocean/demo/ocean_coverage.png docs/figures/
	cp results/ocean/demo/truth_check.png docs/figures/ocean_truth_check.png
	$(RUN) python docs/make_rule_graphs.py

SITE_STAMP := .venv-docs/.installed

$(SITE_STAMP): docs/requirements.txt
	@rm -rf .venv-docs
	@set -e; \
	if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
	  "$(PYTHON)" -m venv .venv-docs; pip=".venv-docs/bin/python -m pip"; \
	else \
	  "$(PYTHON)" -m venv --without-pip .venv-docs; pip="$(PYTHON) -m pip --python .venv-docs/bin/python"; \
	fi; \
	$$pip install --quiet --no-deps --require-hashes --requirement docs/requirements.txt
	@touch $@

# a warning is an error, such as a page outside the navigation or a link to a missing heading
site: $(SITE_STAMP)
	@rm -rf site
	.venv-docs/bin/python -m sphinx --quiet --fail-on-warning --builder html --doctree-dir .venv-docs/doctrees docs site
	.venv-docs/bin/python docs/check_links.py site

# a synthetic site has a folder truth; everything else in resources/ was downloaded or made from downloads
clean:
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	for truth in resources/*/*/truth; do if [ -d "$$truth" ]; then rm -rf "$${truth%/truth}"; fi; done
	rm -rf resources/models/demo_* resources/cache
	rm -rf logs .snakemake benchmarks/output .pytest_cache .ruff_cache

clean-downloads: clean
	find resources -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

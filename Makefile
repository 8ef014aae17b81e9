# CONTRIBUTING.md gives the commands below as plain lines, for a system without make.
PYTHON ?= python3
VENV ?= .venv
NTM = $(VENV)/bin/ntm
PYTEST = OMP_NUM_THREADS=1 $(VENV)/bin/pytest -n 2 --dist loadfile
NBVAL = $(PYTEST) --nbval --nbval-current-env --nbval-cell-timeout=120
# Whole outputs and nothing else: no state of widgets, no times.
RUN_NOTEBOOKS = $(VENV)/bin/jupyter nbconvert --to notebook --execute --inplace \
	--ExecutePreprocessor.store_widget_state=False --ExecutePreprocessor.record_timing=False

# What the data of the page is made from: it takes a minute to make, and is made anew when one of these is newer.
PAGE_FROM = $(wildcard ntm_lib/*/*.py research/*.py research/live/*.py data/machines/README.md data/machines/*/* data/studies/*/*) data/proofs/proofs.csv

# Taken as they were typed: make would run $(shell …) in a value when it hands the value on.
override REPO := $(value REPO)
override REF := $(value REF)
export REPO REF

.PHONY: demo lab test browser-test page page-test page-bits notebooks site publish study findings bench lint

demo: $(VENV)/core
	$(NTM) train reliable --seed 0 --out runs/demo
	$(NTM) copy runs/demo README.md --out runs/README.copy.md
	@cmp README.md runs/README.copy.md && echo "README.md went through the machine's memory and came back byte for byte."

lab: $(VENV)/lab
	$(VENV)/bin/python notebooks/workbook.py
	$(VENV)/bin/jupyter lab workbook/00_meet_a_machine_that_remembers.ipynb

test: lint site
	$(PYTEST) tests
	$(PYTEST) --doctest-modules ntm_lib
	$(NBVAL) notebooks

# Not in `make test`: it needs a Chromium.
browser-test: $(VENV)/browser page site
	OMP_NUM_THREADS=1 $(VENV)/bin/pytest tests/browser

# The live machine as a page in page/dist/: data from the library, and scripts that npm bundles.
page: page/public/data/machines.json page/node_modules
	npm --prefix page run build

page-test: page/node_modules
	npm --prefix page test

# 1,000 random, 100 chosen and 20 text sequences through each copier of the page, 1,000 random ones and 100 of each other
# kind through each other machine: half an hour or more.
page-bits: $(VENV)/browser page
	OMP_NUM_THREADS=1 PAGE_SEQUENCES=1000,100,20 $(VENV)/bin/pytest tests/browser/test_page_bits.py

page/public/data/machines.json: $(PAGE_FROM) | $(VENV)/page
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m research.live page/public/data

page/node_modules: page/package.json page/package-lock.json
	npm --prefix page ci
	touch $@

notebooks: $(VENV)/research
	$(RUN_NOTEBOOKS) notebooks/*.ipynb notebooks/solutions/*.ipynb
	$(VENV)/bin/python research/lessons.py
	$(VENV)/bin/python -m research.lesson_map
	$(VENV)/bin/python -m research.guilty_steps

# Lessons, findings and calls as web pages in site/, whose links are then followed; page/dist/ becomes site/machine/.
site: $(VENV)/site
	$(VENV)/bin/python -m book

publish:
	@$(PYTHON) notebooks/publish.py "$$REPO" "$$REF"

study: $(VENV)/study
	$(NTM) study reliable --seeds 0-99 --out runs/reliable

findings: $(VENV)/research
	$(VENV)/bin/python -m research.findings

bench: $(VENV)/bench
	$(VENV)/bin/python -m benchmarks

lint: $(VENV)/test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

# Only what training and copying need; the constraints keep pip from choosing another torch.
$(VENV)/core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable ".[command]" --constraint constraints.txt
	touch $@

# The DNC that we compare with asks for an index library too, which only its sparse variants use.
$(VENV)/bench: $(VENV)/study
	$(VENV)/bin/pip install --quiet --no-deps dnc==1.1.0
	touch $@

$(VENV)/study $(VENV)/cluster $(VENV)/lab $(VENV)/research $(VENV)/page $(VENV)/test $(VENV)/browser $(VENV)/site: $(VENV)/core
	$(VENV)/bin/pip install --quiet --editable ".[$(@F)]" --constraint constraints.txt
	touch $@

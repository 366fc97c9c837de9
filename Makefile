# make book    set up, train the three stages, execute the chapters, render the pages
# make pages   the same without training: what an author types after editing a chapter
# make notebooks  only write package code into the chapters, and the notebooks from them
# make test    set up if needed, run every test
# make serve   show the book at http://localhost:8000
# make weights remake everything that is shipped trained, from nothing (about eight hours)
# make clean   forget runs and rendered pages, keep the environments
#
# On Linux without a GPU, spare yourself gigabytes of CUDA:
#   make book TORCH_INDEX=https://download.pytorch.org/whl/cpu

PYTHON ?= python3
TORCH_INDEX ?=
PORT ?= 8000

BIN := .venv/bin
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
export OMP_NUM_THREADS ?= 2
export PYTHONUNBUFFERED := 1

.PHONY: setup book pages notebooks test serve weights clean

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=python3.11")'
	@echo "setting up .venv (about 3 minutes, 2 GB)"
	@date +%s > .venv-started
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile $(INDEX) -c constraints.txt -e ".[book,test]"
	@echo "set up in $$(( $$(date +%s) - $$(cat .venv-started) )) seconds"; rm .venv-started
	@touch $@

book: setup
	$(BIN)/python book/build.py

pages: setup
	$(BIN)/python book/build.py --pages

notebooks: setup
	$(BIN)/python book/_ext/notebooks.py

test: setup
	$(BIN)/python -m pytest

serve:
	@echo "the book is at http://localhost:$(PORT)"
	@$(PYTHON) -m http.server $(PORT) --directory _build/html

weights: setup
	$(BIN)/dsvl train --size tiny --stages 0,1,2,3,4,5,6 --times 3 --out runs/remade
	$(BIN)/python figures/teach_reading.py runs/remade rounds
	$(BIN)/python figures/ship.py runs/remade/reading/reading/reading/reading/reading
	rm runs/remade/progress.json  # cut off, it goes on; shipped, the next one begins from nothing

clean:
	rm -rf _build runs

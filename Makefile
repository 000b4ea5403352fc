PYTHON ?= python3
BIN := .venv/bin
DATA ?=
LICENCE ?= all
PORT ?= 8501
WATCH ?= none
ALL ?=

.PHONY: app test model report bench bench-library bench-start hits-report audit soak compare labels examples architecture screenshot lint image-check resolve

app: .venv/app  ## start the page
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.fileWatcherType $(WATCH)

test: .venv/dev  ## run the tests; with ALL=1 also the minute of fuzzing
	$(BIN)/python -m pytest $(if $(ALL),-m "") -n 2 --dist loadfile --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

lint: .venv/dev  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

model: .venv/app  ## train: make model DATA=folder-of-sounds
	$(BIN)/python -m training $(if $(DATA),"$(DATA)",--synthetic 80) --licence $(LICENCE)

report: .venv/app  ## score the model and the original on unseen kits
	$(BIN)/python -m training.report $(if $(DATA),"$(DATA)")

bench: .venv/app  ## time one warm call and many files beside the original's, and their memory
	$(BIN)/python -m tools.bench.one_sound
	$(BIN)/python -m tools.bench.many_files

bench-library: .venv/app  ## time a library of 100,000 sounds, and measure its size and memory
	$(BIN)/python -m tools.bench.library

bench-start: .venv/dev  ## time cold starts beside a bare import of TensorFlow
	$(BIN)/python -m tools.bench.start

hits-report: .venv/app  ## score the finding of hits on patterns made of unseen sounds: docs/hits.md
	$(BIN)/python -m tools.bench.hits $(if $(DATA),"$(DATA)")

audit: .venv/app  ## look the pinned packages up in the databases of known vulnerabilities
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit -r requirements.txt --no-deps --disable-pip

soak: .venv/dev  ## many visitors, bombs and a thousand files against the real server
	$(BIN)/python -m tools.soak

compare: .venv/app  ## try ideas for better training, each alone, and write the table
	$(BIN)/python -m training.ideas $(if $(DATA),"$(DATA)")

labels: .venv/app  ## list the labels that look wrong
	$(BIN)/python -m training.ideas.labels $(if $(DATA),"$(DATA)" --synthetic 0)

examples: .venv/app  ## make the example sounds again
	$(BIN)/python -m synthesis

architecture: .venv/dev  ## draw the picture of docs/architecture.md again
	$(BIN)/python -m tools.pictures.structure

screenshot: .venv/dev  ## take the pictures of README and guide again
	$(BIN)/python -m tools.pictures

image-check: .venv/dev  ## build the image without Docker, measure it and visit it (Linux, as root)
	$(BIN)/python -m tools.image

resolve: .venv/app  ## see that the pinned packages have wheels for every platform and Python
	$(BIN)/python -m tools.resolve

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m page.warm_up
	touch $@

.venv/dev: .venv/app requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

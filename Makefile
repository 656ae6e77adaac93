# Three commands matter: `make assets` builds sample_site, `make serve` opens it, `make test` runs every check.
# Both need nothing but make and Python 3.11 or newer.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: assets serve serve-django test clean

assets: $(VENV)/installed
	$(BIN)/cdn-pipeline --config sample_site/cdn_pipeline.toml build

serve: $(VENV)/with-flask
	$(BIN)/cdn-pipeline --config sample_site/cdn_pipeline.toml serve --app sample_site.flask_app:create

serve-django: $(VENV)/with-django
	$(BIN)/cdn-pipeline --config sample_site/cdn_pipeline.toml serve --app sample_site.django_app:create

test: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml setup.py $(wildcard cdn_pipeline/tokens/_*.[ch])
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/with-%: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $*
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build cdn_pipeline/tokens/*.so sample_site/build sample_site/.cdn_pipeline

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check clean

VENV := .venv
PIP := $(VENV)/bin/pip --disable-pip-version-check -qq

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.firebreak ## Play two compromises and watch them being stopped
	@$(VENV)/bin/firebreak demo

up: $(VENV)/.firebreak ## Keep the local stack running, with the case pages in a browser
	@$(VENV)/bin/firebreak up

test: check ## Check and test everything
	scripts/test

check: $(VENV)/.firebreak $(VENV)/.dev ## Check format, lint, types and layers
	scripts/check

clean: ## Remove what was built and fetched
	rm -rf $(VENV) .lab out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made anew when its requirements change, so that nothing old stays in it.
$(VENV)/.lab: requirements.txt requirements-lab.txt
	@echo "making the Python environment (about a minute)"
	@python=$$(scripts/python) && "$$python" -m venv --clear $(VENV)
	@$(PIP) install -r requirements-lab.txt
	@touch $@

$(VENV)/.firebreak: $(VENV)/.lab pyproject.toml
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.lab requirements-dev.txt
	@echo "installing the test tools"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

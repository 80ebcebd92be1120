# Rapport's commands. Each does its own set-up: a machine with git, make and a python3 is enough.

.DEFAULT_GOAL := help
.PHONY: help setup run test lint style soak shots bench say
.NOTPARALLEL:

# An environment that the caller happens to have open is not this project's. Without bytecode, each of
# our processes would compile Django and Celery anew: two thirds of the CPU seconds of a start.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON := .venv/bin/python
DEV := --group dev --group browser

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/ready ## Install what `make run` needs

run: .venv/ready ## Start Rapport with everything it needs (PORT, HOST, VAR_DIR, SAMPLE=0)
	@$(PYTHON) -m config.run --end-with-parent

# The type checker reads the settings, which refuse to load without these; it connects to nothing.
CHECK_TYPES := env SECRET_KEY=types ENCRYPTION_KEYS=types DATABASE_URL=postgres://types@127.0.0.1/types \
	REDIS_URL=redis://127.0.0.1 $(PYTHON) -m mypy

# Many tests wait for other programs, so three run at a time on two processors. The type checker takes what
# they leave, and its findings stand at the end.
test: style ## Check style, import rules and types, and run all tests
	@said=$$(mktemp); nice $(CHECK_TYPES) >$$said 2>&1 & types=$$!; \
	$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types; types=$$?; cat $$said; rm $$said; exit $$((tests + types))

lint: style ## Check style, import rules and types
	$(CHECK_TYPES)

style: .venv/ready-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	.venv/bin/lint-imports

soak: .venv/ready-dev ## The long fault run (EVENTS=10000)
	$(PYTHON) -m benchmarks.soak $(EVENTS)

shots: .venv/ready-dev ## Screenshots of every page in both themes
	$(PYTHON) -m benchmarks.shots

bench: .venv/ready-dev ## Measure one thing (NAME=ingest), or all
	$(PYTHON) -m benchmarks $(NAME)

TEXT ?= When does our plan renew?
export TEXT
say: .venv/ready ## Be a customer: send a signed message (TEXT="...") to the running install
	@$(PYTHON) manage.py say "$$TEXT"

.venv/ready: $(UV) pyproject.toml uv.lock .python-version
	@sh config/install.sh $(UV)
	@touch $@

.venv/ready-dev: $(UV) pyproject.toml uv.lock .python-version
	@sh config/install.sh $(UV) $(DEV)
	@touch .venv/ready $@

.uv/bin/uv:
	@sh config/install.sh --get-uv

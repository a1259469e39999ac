# `make run` builds Doktolib and starts it, on a PostgreSQL of its own unless DATABASE_URL is set.
.DEFAULT_GOAL := help
.PHONY: help run test test-linearizable lint fmt bench timing migrate seed docs-check fuzz

# release: quick to use, slow to build the first time; dev: the other way round.
PROFILE ?= release
# Where scripts/setup.sh puts PostgreSQL when it cannot be installed.
export DOKTOLIB_PG_DIST ?= $(CURDIR)/data/postgres-dist

# Of test-linearizable.
SEEDS ?= 100
FIRST ?= 1

doktolib = cargo run --profile $(PROFILE) --bin doktolib --

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build Doktolib and start it with everything it needs (PROFILE=dev builds faster)
	@scripts/setup.sh build postgres
	$(doktolib) all

test: ## Run all tests; the last line counts them
	@scripts/setup.sh build postgres redis mail calendars s3 clamd tesseract
	@scripts/test.sh

test-linearizable: ## Judge bookings under kills and cuts for SEEDS seeds from FIRST on (docs/correctness.md)
	@scripts/setup.sh build postgres
	LINEARIZABLE_SEEDS=$(SEEDS) LINEARIZABLE_FIRST=$(FIRST) scripts/test.sh --test linearizable -- --nocapture

lint: ## Check the layout of the code and let clippy look for mistakes
	@scripts/setup.sh build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

fmt: ## Lay out the code
	cargo fmt --all

bench: ## Measure what free slots and each operation over HTTP cost (docs/performance.md)
	@scripts/setup.sh build postgres
	cargo build --release --bin doktolib
	cargo bench -p doctors --bench slots
	cargo bench -p doktolib-tests --bench http

timing: ## Can known and unknown addresses be told apart by time? Against a running server (tests/timing)
	tests/timing/sign_in.py

migrate: ## Bring the tables up to date
	@scripts/setup.sh build postgres
	$(doktolib) migrate

seed: ## Fill the database with made-up doctors and patients
	@scripts/setup.sh build postgres
	$(doktolib) seed

docs-check: ## Check that the links in the documents lead somewhere
	@scripts/check-docs.sh

fuzz: ## Let schemathesis try to break the API of a server that runs already
	@scripts/fuzz-api.sh

# `make` lists what there is to do.

.DEFAULT_GOAL := help
.PHONY: help dev build fmt lint fmt-check clippy rustdoc console settings-docs api-docs check check-deploy test test-compose soak proofs bench microbench fuzz schemathesis services services-down clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

dev: ## API and worker in one process, with nothing else needed; ARGS="--help" shows its flags
	cargo run --quiet --bin longshore -- dev $(ARGS)

build: ## all programs
	cargo build --workspace --bins

fmt: ## format the code
	cargo fmt --all

lint: fmt-check clippy rustdoc console ## formatting, clippy and rustdoc, warnings denied; the types of the console's files

fmt-check:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets -- -D warnings

rustdoc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

console:
	deploy/browser check

settings-docs: ## writes the table of settings into docs/operations.md, which a test compares with `--help`
	LONGSHORE_WRITE_SETTINGS=1 cargo test --quiet --package longshore-cli --test settings_page || true

api-docs: ## writes docs/api/openapi.yaml, which a test compares with what is served
	LONGSHORE_WRITE_OPENAPI=1 cargo test --quiet --package longshore-api --lib openapi::tests::the_committed_document_is_this_one

check: build ## the tests that need nothing but Rust
	env -u LONGSHORE_TEST_AMQP_URL -u LONGSHORE_TEST_REDIS_URL -u LONGSHORE_TEST_CLAUDE_BIN -u LONGSHORE_TEST_CHROMIUM \
	  LONGSHORE_TEST_REQUIRE_SERVICES=0 LONGSHORE_TEST_REQUIRE_CLAUDE=0 LONGSHORE_TEST_REQUIRE_BROWSER=0 cargo test --workspace

test: ## every test, with RabbitMQ, Redis, the real Claude CLI and a browser, found or installed
	deploy/test

check-deploy: ## the alerts, the Helm chart, the compose files
	deploy/check

test-compose: ## the stack of docker-compose.yml, broken while it runs; needs Docker
	deploy/test-compose

soak: ## random faults under load, SECONDS=600 SEED=1, and a verdict
	deploy/soak $(or $(SECONDS),600) $(SEED)

proofs: ## the tests that docs/reliability.md names, TIMES=10 in a row
	deploy/proofs $(or $(TIMES),10)

bench: ## Longshore beside what the engines allow, ROUNDS=3 ROWS="P1 P2 …"; see docs/performance.md
	deploy/bench $(or $(ROUNDS),3) $(ROWS)

microbench: ## the pure code of the hot paths, by criterion
	cargo bench --package longshore-shared --package longshore-worker --bench hot_paths --bench stream_json

fuzz: ## what reads bytes from outside, SECONDS=60 for each reader; needs a nightly compiler
	deploy/fuzz $(or $(SECONDS),60)

schemathesis: ## thousands of requests made from the OpenAPI document, every answer held to it
	deploy/schemathesis

services: ## RabbitMQ and Redis for the tests, kept running; then: eval "$(deploy/services env)"
	deploy/services up

services-down: ## end what `make services` started
	deploy/services down

clean: services-down ## remove everything that was built
	cargo clean

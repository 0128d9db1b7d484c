# What a person types. The work is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run stop test test-unit test-integration build bench format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing, build, start a private daemon, carry a real task through it, keep serving
	@scripts/run.sh

stop: ## End a daemon that an earlier `make run` left behind, with its sandboxes
	@scripts/run.sh stop

test: ## Install what is missing, build, run every test
	@scripts/test.sh all

test-unit: ## Only the unit tests (seconds, no root)
	@scripts/test.sh unit

test-integration: ## Only the tests against real containers (needs root)
	@scripts/test.sh integration

build: ## Build sleighd, sleighctl and sleigh-init into artifacts/
	@scripts/build.sh

bench: ## Measure, against a private daemon
	@scripts/bench.sh

format: ## Bring the code into the project's form
	@dotnet format Sleigh.slnx

clean: ## Remove what was built and the data of `make run`
	@scripts/run.sh stop
	@rm -rf artifacts .sleigh
	@find src tests benchmarks -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

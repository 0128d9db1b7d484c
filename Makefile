# What a person types. The work is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run stop test test-all test-unit test-integration test-vm browser build deb bench bench-micro bench-memory format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing, build, start a private daemon, carry a real task through it, keep serving
	@scripts/run.sh

stop: ## End a daemon that an earlier `make run` left behind, with its sandboxes
	@scripts/run.sh stop

test: ## Install what is missing, build, run every test
	@scripts/test.sh all

test-all: ## The same with more bursts of memory, and the virtual machine with Debian 13 beside the one with Debian 12
	@scripts/test.sh everything

test-unit: ## Only the unit tests (seconds, no root)
	@scripts/test.sh unit

test-integration: ## Only the tests against real containers (needs root)
	@scripts/test.sh integration

test-vm: ## Only the tests in a virtual machine with systemd and cgroup v2 (SLEIGH_VM_MACHINE=debian13 for the other one)
	@scripts/test.sh vm

browser: ## Two sandboxes with web servers, looked at by curl and by Debian's headless Chromium (apt-get install chromium), through the proxy
	@scripts/browser.sh

build: ## Build sleighd, sleighctl and sleigh-init into artifacts/
	@scripts/build.sh

deb: ## Build the Debian package into artifacts/deb/ (VERSION=9.9.9 gives it another version)
	@scripts/deb.sh

bench: ## Measure Sleigh, and Docker Engine beside it (BENCH="-n 30 -o json" passes options on)
	@scripts/bench.sh $(BENCH)

bench-micro: ## Measure the small parts: parsers, frames, the containerd channel
	@scripts/bench-micro.sh $(BENCH)

bench-memory: ## Run the growth policy on a modelled kernel: bursts, leaks, 50 agents on a host (BENCH="--trace burst --csv FILE")
	@scripts/bench-memory.sh $(BENCH)

format: ## Bring the code into the project's form
	@dotnet format Sleigh.slnx

clean: ## Remove what was built and the data of `make run`
	@scripts/run.sh stop
	@rm -rf artifacts .sleigh
	@find src tests benchmarks -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

# `make help` lists what there is. Debian 12 or Ubuntu, with Swift 6.3 at /opt/swift/usr/bin or on the PATH.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT_BIN := $(patsubst %/,%,$(dir $(or $(shell command -v swift),/opt/swift/usr/bin/swift)))
export PATH := $(PATH):$(SWIFT_BIN)

# The official vectors, as an absolute path, since tests run in folders of their own: those that are named, those that `make vectors`
# has fetched, or those beside the clone.
export CRYPTPEER_VECTORS := $(abspath $(or $(CRYPTPEER_VECTORS),$(wildcard .vectors),../shared/vectors))

# One configuration for the program and its tests, so that nothing is compiled twice. (Without the second flag `swift test`
# would compile everything anew, testable.)
# `.build` is a link where the dependencies are kept outside the clone (.ci/build-cache): SwiftPM is given the folder itself.
SWIFT_FLAGS = -c release --scratch-path "$$(readlink -m .build)"
SWIFT_TEST_FLAGS = $(SWIFT_FLAGS) --disable-testable-imports --disable-xctest

BOUNDARY_SAMPLES := .build-wasm/boundary.json
COSTLY := ^NodeTests\.(LengthCostTests|RelayFloodTests|SlowReaderTests)

# A test waits for most of its time: two workers fit two cores, although each test has a browser for each side of a conversation.
PYTEST := .venv/bin/pytest --numprocesses $(or $(WORKERS),$(shell nproc)) --dist worksteal --timeout 600 --durations 20 -rs

##@ Use
.PHONY: run build web setup
run: build ## Set up, build, and start a node on https://localhost:8443 with its data in ./data
	exec .build/release/cryptpeer serve --data ./data

build: web ## The one executable to carry, web app inside: .build/release/cryptpeer
	swift build $(SWIFT_FLAGS) --product cryptpeer

web: setup ## The core in WebAssembly, the web app, and the archive the executable embeds
	@if [ ! -d .build/checkouts/swift-crypto ] || [ Package.swift -nt .build/workspace-state.json ]; then \
		swift package --scratch-path "$$(readlink -m .build)" resolve; fi
	Web/build-core.sh core
	Web/build-core.sh media
	Web/build.sh

setup: ## What building and running need (Debian packages; SQLite's static library)
	@Setup/prerequisites.sh run
	@if [ -n "$(CRYPTPEER_BUILD_CACHE)" ] && [ ! -e .build ]; then .ci/build-cache; fi
	@# A folder that holds this library alone, so that the linker cannot take the shared one.
	@mkdir -p .build-static
	@ln -sfn "$$(dpkg -L libsqlite3-dev | grep '/libsqlite3\.a$$')" .build-static/libsqlite3.a

##@ Check
.PHONY: test test-long setup-test lint build-tests test-swift test-wasm test-web test-setup test-end-to-end vectors fuzz bench bench-relay bench-hostile bench-transfer
test: setup-test ## Set up, then run every test, real browsers included
	@rm -f .build-logs/*.{closing,skipped}
	@$(MAKE) lint
	@# The tests' modules at once with the program's, which by themselves keep one core busy and no more.
	@Tests/closing-line.sh 0-build 'complete!' $(MAKE) build-tests
	@$(MAKE) test-swift
	@$(MAKE) test-web
	@$(MAKE) test-setup
	@# End to end the processor waits for a third of the time and more: compiling for WebAssembly, four minutes on one core, takes
	@# what is left.
	@nice -n 19 $(MAKE) test-wasm & wasm=$$!; $(MAKE) test-end-to-end || { kill $$wasm 2>/dev/null || true; exit 1; }; wait $$wasm
	@Tests/summary.sh

setup-test:
	@for suite in mls hpke wycheproof; do \
		[ -d "$(CRYPTPEER_VECTORS)/$$suite" ] || { \
			echo "No official vectors of $$suite in $(CRYPTPEER_VECTORS): their tests are skipped. 'make vectors' fetches them."; \
			[ "$${CI:-}" != true ] || exit 1; }; \
	done
	@Setup/prerequisites.sh test
	@$(MAKE) setup
	@Setup/coturn.sh
	@if ! cmp -s Tests/EndToEnd/requirements.txt .venv/requirements.txt; then \
		echo "Installing into .venv what Tests/EndToEnd/requirements.txt names"; \
		rm -rf .venv; python3 -m venv .venv; \
		.venv/bin/pip install --quiet --disable-pip-version-check -r Tests/EndToEnd/requirements.txt; \
		cp Tests/EndToEnd/requirements.txt .venv/requirements.txt; \
	fi

vectors: ## Fetches the official test vectors (4 MB, from their public repositories at pinned commits) into .vectors
	Tests/Vectors/fetch.sh .vectors

lint: ## Formatting of the Swift sources, types of the TypeScript ones
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	tsc --noEmit -p Web/tsconfig.json

build-tests: web
	swift build $(SWIFT_FLAGS) --build-tests

test-swift: ## The Swift tests, official vectors included
	swift build $(SWIFT_FLAGS) --build-tests
	@rm -f .build-wasm/cases.bin $(BOUNDARY_SAMPLES)
	@CRYPTPEER_DUMP_CASES="$(CURDIR)/.build-wasm/cases.bin" CRYPTPEER_DUMP_BOUNDARY="$(CURDIR)/$(BOUNDARY_SAMPLES)" Tests/closing-line.sh 1-swift 'Test run with .* passed' \
		swift test $(SWIFT_TEST_FLAGS) --skip-build --skip '^NodeTests\.'
	@# By themselves: the node refuses who is too slow, and next to the vectors and the simulator every client is.
	@Tests/closing-line.sh 1-swift-node 'Test run with .* passed' \
		swift test $(SWIFT_TEST_FLAGS) --skip-build --filter '^NodeTests\.' --skip '$(COSTLY)'
	@# Those that keep a node as busy as they can, and measure it: one after the other.
	@Tests/closing-line.sh 1-swift-node-cost 'Test run with .* passed' \
		swift test $(SWIFT_TEST_FLAGS) --skip-build --no-parallel --filter '$(COSTLY)'

test-wasm: ## The same vectors and transcripts, in WebAssembly
	Web/build-core.sh core
	Web/build-core.sh media
	Web/build-core.sh checks
	@Tests/closing-line.sh 2-wasm-runtime 'pass [1-9]' node --test --test-reporter=spec Tests/Wasm/*.test.mjs
	@Tests/closing-line.sh 3-wasm-vectors '[0-9]+ passed, 0 failed' node Tests/Wasm/run-vectors.mjs .build-wasm/cases.bin

# The core's samples of what it and the page say to each other: `make test-swift` writes them, too.
$(BOUNDARY_SAMPLES): $(shell find Sources/Messenger Tests/MessengerTests -name '*.swift')
	swift build $(SWIFT_FLAGS) --build-tests
	@rm -f $@
	CRYPTPEER_DUMP_BOUNDARY="$(CURDIR)/$@" swift test $(SWIFT_TEST_FLAGS) --skip-build --filter '^MessengerTests\.BoundaryFileTests'

test-web: $(BOUNDARY_SAMPLES) ## The web app: its models and encodings in node, its screens and channels in browsers
	@Tests/closing-line.sh 4-web-models '[0-9]+ passed, 0 failed' node Tests/Web/run.mjs
	@Tests/closing-line.sh 4-web-browsers '[0-9]+ passed' $(PYTEST) Tests/Web

test-setup: ## Setting up: what is said of missing parts, and fetching the vectors
	@Tests/closing-line.sh 5-setup '[0-9]+ passed' $(PYTEST) Tests/Setup

test-end-to-end: ## The executable and real browsers
	@Tests/closing-line.sh 6-end-to-end '[0-9]+ passed' $(PYTEST) -m 'not long' Tests/EndToEnd

test-long: setup-test build ## What takes long or tests the laboratory itself, and is no part of `make test`
	@Tests/closing-line.sh 7-long '[0-9]+ passed' $(PYTEST) -m long Tests/EndToEnd

fuzz: ## STUN messages, streams, long datagrams and the relay's server under libFuzzer, SECONDS (60) each
	swift build $(SWIFT_FLAGS) --target TURN
	Tests/Fuzz/fuzz.sh $(or $(SECONDS),60)

bench-relay: build setup-test ## The relay beside coturn: CPU a datagram, what passes, what is held (5 minutes, nothing else running)
	CRYPTPEER_COTURN=$(CURDIR)/.build-tools/bin python3 Benchmarks/relay.py

bench-hostile: build ## What honest clients notice of hostile ones (BEFORE=another executable, beside it; one minute)
	python3 Benchmarks/hostile.py $(BEFORE) .build/release/cryptpeer

bench-transfer: build setup-test ## A file from browser to browser, beside a bare DataChannel (8 minutes, nothing else running)
	.venv/bin/python Benchmarks/transfer.py

bench: build setup-test ## The figures: the node's footprint, the time to unlock
	python3 Benchmarks/footprint.py
	node Benchmarks/unlock.mjs

##@ Tidy
.PHONY: clean help
clean: ## Remove everything that was built (not ./data)
	rm -rf .build .build-wasm .build-static .build-logs .build-fuzz .build-tools .venv Web/dist Sources/CWebApp/webapp.bin

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

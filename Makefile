# `make help` lists what there is. Debian 12 or Ubuntu, with Swift 6.3 at /opt/swift/usr/bin or on the PATH.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT_BIN := $(patsubst %/,%,$(dir $(or $(shell command -v swift),/opt/swift/usr/bin/swift)))
export PATH := $(PATH):$(SWIFT_BIN)

# The official vectors, as an absolute path: tests run in folders of their own.
export CRYPTPEER_VECTORS := $(abspath $(or $(CRYPTPEER_VECTORS),../shared/vectors))

# One configuration for the program and its tests, so that nothing is compiled twice. (Without the second flag `swift test`
# would compile everything anew, testable.)
SWIFT_FLAGS := -c release
SWIFT_TEST_FLAGS := $(SWIFT_FLAGS) --disable-testable-imports --disable-xctest

RUN_PACKAGES := esbuild node-qrcode-generator brotli python3 git wasi-libc libc++-14-dev-wasm32 libc++abi-14-dev-wasm32 \
	libclang-rt-14-dev-wasm32 libsqlite3-dev zlib1g-dev
TEST_PACKAGES := node-typescript chromium firefox-esr libnss3-tools gdb python3-venv iproute2 nftables conntrack \
	coturn

# Two cores for each worker: a test has a browser for each side of a conversation.
PYTEST := .venv/bin/pytest --numprocesses $(or $(WORKERS),$(shell echo $$(( ($$(nproc) + 1) / 2 )))) --timeout 600 --durations 20

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# Installs those of the packages $(1) that are missing; says nothing when there are none.
define install_packages
missing=""; \
for package in $(1); do \
	dpkg-query -W -f='$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
	command -v apt-get >/dev/null || { echo "Missing:$$missing (Debian's names; install them by your system's means)" >&2; exit 1; }; \
	echo "Installing$$missing"; \
	$(SUDO) apt-get update -q; \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
fi
endef

##@ Use
.PHONY: run build web setup
run: build ## Set up, build, and start a node on https://localhost:8443 with its data in ./data
	exec .build/release/cryptpeer serve --data ./data

build: web ## The one executable to carry, web app inside: .build/release/cryptpeer
	swift build $(SWIFT_FLAGS) --product cryptpeer

web: setup ## The core in WebAssembly, the web app, and the archive the executable embeds
	@if [ ! -d .build/checkouts/swift-crypto ] || [ Package.swift -nt .build/workspace-state.json ]; then swift package resolve; fi
	Web/build-core.sh core
	Web/build-core.sh media
	Web/build.sh

setup: ## What building and running need (Debian packages; SQLite's static library)
	@if [ ! -x "$(SWIFT_BIN)/swift" ]; then \
		echo "Swift is missing: install Swift 6.3 (https://swift.org/install/linux) to /opt/swift or put it on the PATH" >&2; exit 1; fi
	@$(call install_packages,$(RUN_PACKAGES))
	@# A folder that holds this library alone, so that the linker cannot take the shared one.
	@mkdir -p .build-static
	@ln -sfn "$$(dpkg -L libsqlite3-dev | grep '/libsqlite3\.a$$')" .build-static/libsqlite3.a

##@ Check
.PHONY: test setup-test lint test-swift test-wasm test-web test-end-to-end fuzz bench bench-relay bench-hostile bench-transfer
test: setup-test ## Set up, then run every test, real browsers included
	@rm -f .build-logs/*.closing
	@$(MAKE) lint
	@$(MAKE) build
	@$(MAKE) test-swift
	@$(MAKE) test-wasm
	@$(MAKE) test-web
	@$(MAKE) test-end-to-end
	@echo; echo "All passed:"; cat .build-logs/*.closing

setup-test: setup
	@$(call install_packages,$(TEST_PACKAGES) $(if $(shell command -v node),,nodejs))
	@if ! cmp -s Tests/EndToEnd/requirements.txt .venv/requirements.txt; then \
		rm -rf .venv; python3 -m venv .venv; \
		.venv/bin/pip install --quiet --disable-pip-version-check -r Tests/EndToEnd/requirements.txt; \
		cp Tests/EndToEnd/requirements.txt .venv/requirements.txt; \
	fi
	@for suite in mls hpke wycheproof; do \
		[ -d "$(CRYPTPEER_VECTORS)/$$suite" ] || { \
			echo "No vectors in $(CRYPTPEER_VECTORS)/$$suite: set CRYPTPEER_VECTORS to the folder that holds them" >&2; exit 1; }; \
	done

lint: ## Formatting of the Swift sources, types of the TypeScript ones
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	tsc --noEmit -p Web/tsconfig.json

test-swift: ## The Swift tests, official vectors included
	swift build $(SWIFT_FLAGS) --build-tests
	@rm -f .build-wasm/cases.bin
	@CRYPTPEER_DUMP_CASES="$(CURDIR)/.build-wasm/cases.bin" Tests/closing-line.sh 1-swift 'Test run with .* passed' \
		swift test $(SWIFT_TEST_FLAGS) --skip-build --skip '^NodeTests\.'
	@# By themselves: the node refuses who is too slow, and next to the vectors and the simulator every client is.
	@Tests/closing-line.sh 1-swift-node 'Test run with .* passed' \
		swift test $(SWIFT_TEST_FLAGS) --skip-build --filter '^NodeTests\.'

test-wasm: ## The same vectors and transcripts, in WebAssembly
	Web/build-core.sh core
	Web/build-core.sh media
	Web/build-core.sh checks
	@Tests/closing-line.sh 2-wasm-runtime 'pass [1-9]' node --test --test-reporter=spec Tests/Wasm/*.test.mjs
	@Tests/closing-line.sh 3-wasm-vectors '[0-9]+ passed, 0 failed' node Tests/Wasm/run-vectors.mjs .build-wasm/cases.bin

test-web: ## The web app: its models and encodings in node, its screens and channels in browsers
	@Tests/closing-line.sh 4-web-models '[0-9]+ passed, 0 failed' node Tests/Web/run.mjs
	@Tests/closing-line.sh 4-web-browsers '[0-9]+ passed' $(PYTEST) Tests/Web

test-end-to-end: ## The executable and real browsers
	@Tests/closing-line.sh 5-end-to-end '[0-9]+ passed' $(PYTEST) Tests/EndToEnd

fuzz: ## STUN messages, streams, long datagrams and the relay's server under libFuzzer, SECONDS (60) each
	swift build $(SWIFT_FLAGS) --target TURN
	Tests/Fuzz/fuzz.sh $(or $(SECONDS),60)

bench-relay: build setup-test ## The relay beside coturn: CPU a datagram, what passes, what is held (5 minutes, nothing else running)
	python3 Benchmarks/relay.py

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
	rm -rf .build .build-wasm .build-static .build-logs .build-fuzz .venv Web/dist Sources/CWebApp/webapp.bin

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

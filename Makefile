# make demo    the main job on embedded defaults: a real Kratos, pages, sidecar
# make check   what every commit passes
# make test    everything, each long suite in a bounded sample
# make proof   everything at full length, with builds and benchmarks
# make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 1
# Flags of the reproducible build: no paths of this machine, no symbol table.
BUILD := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'
KRATOS_VERSION := v1.3.1
# Another binary of Kratos: make test KRATOS=/path/to/kratos
KRATOS ?= $(or $(OLY_PASSKEY_KRATOS),$(CURDIR)/bin/kratos)
export OLY_PASSKEY_KRATOS := $(abspath $(KRATOS))
export OLY_PASSKEY_ARTEFACTS ?= $(CURDIR)/artefacts

LINT := $(CURDIR)/bin/golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## both programs in bin/, static and stripped
	$(BUILD) -o bin/ ./cmd/oly-passkey ./cmd/oly-passkey-sidecar

.PHONY: kratos
kratos: $(CURDIR)/bin/kratos ## bin/kratos, the real Ory Kratos (3-4 minutes the first time)

$(CURDIR)/bin/kratos: kratos/server/main.go kratos/server/go.mod kratos/server/go.sum
	cd kratos/server && CGO_ENABLED=1 go build -tags sqlite -trimpath \
		-ldflags '-X github.com/ory/kratos/driver/config.Version=$(KRATOS_VERSION)' -o ../../bin/kratos .

.PHONY: demo
demo: build $(OLY_PASSKEY_KRATOS) ## sign up, sign in and resolve on http://localhost:4455
	./bin/oly-passkey demo $(ARGS)

.PHONY: format
format: $(LINT) ## rewrite the sources in the project's format
	$(LINT) fmt

# golangci-lint runs every analyzer of go vet, and reads the tests behind tags too.
STATIC := $(LINT) fmt --diff && $(LINT) run --allow-parallel-runners ./...

.PHONY: check
check: $(LINT) ## format, lint, unit tests: before every commit
	@$(STATIC) || { echo "format with: make format" >&2; exit 1; }
	go test ./...

.PHONY: test
test: $(LINT) prerequisites $(OLY_PASSKEY_KRATOS) build suites ## everything, bounded (8 minutes warm; KRATOS=PATH for another Kratos)

.PHONY: proof
proof: export OLY_PASSKEY_PROOF := 1
proof: $(LINT) prerequisites $(OLY_PASSKEY_KRATOS) build suites fuzz ## everything at full length, cross-compiled, built twice, measured

# Packages with concurrency run their unit tests with the race detector. Not
# cmd/oly-passkey, whose tests run processes, nor kratosadmin, whose tests decode huge
# pages: the tests of the servers run it with the detector. The tag long adds what
# takes too long for go test: real time, and compiling the copied pages.
RACE := ^github.com/olympusoss/oly-passkey/(cmd/internal|pkg/(client|demo|doctor|httpx|sidecar/(audit|directory|index|server))|templates/ui)(/|$$)
MODULES := .ci/manifests .ci/release kratos/bench kratos/conformance kratos/e2e

# Each suite has its budget in seconds on two quiet cores, with warm caches.
.PHONY: suites
suites:
	@rm -f $(OLY_PASSKEY_ARTEFACTS)/suites.tsv
	@.ci/suite static 20 '$(STATIC)'
	@.ci/suite static-modules 30 'for module in $(MODULES); do (cd $$module && $(LINT) run --allow-parallel-runners --config $(CURDIR)/.golangci.yml ./...); done'
	@.ci/suite unit 50 'go test -tags long -timeout 60m $$(go list ./... | grep -vE "$(RACE)")'
	@.ci/suite race 80 'go test -tags long -race -timeout 60m $$(go list ./... | grep -E "$(RACE)")'
	@.ci/suite conformance 20 'cd kratos/conformance && go test -timeout 60m ./...'
	@.ci/suite manifests 10 'cd .ci/manifests && go test ./...'
	@.ci/suite release 20 'cd .ci/release && go test -timeout 30m $(if $(OLY_PASSKEY_PROOF),,-skip "TestCrossCompile|TestReproducible") ./...'
	@.ci/suite kratos 100 'go test -tags realkratos -run Real $(if $(OLY_PASSKEY_PROOF),,-skip TestRealSoak) -count=1 -timeout 60m ./...'
	@.ci/suite e2e 140 'cd kratos/e2e && go test -count=1 -p 2 -timeout 60m ./...'
	@$(if $(OLY_PASSKEY_PROOF),.ci/suite bench 120 'cd kratos/bench && go test -count=1 -timeout 60m ./...')
	@.ci/suite

.PHONY: bench
bench: prerequisites $(OLY_PASSKEY_KRATOS) ## measure and write docs/dev/benchmarks.md (15 minutes; OLY_PASSKEY_PROOF=1 for ten million)
	cd kratos/bench && go test -v -count=1 -timeout 120m . -update $(ARGS)

.PHONY: truth
truth: prerequisites $(OLY_PASSKEY_KRATOS) ## run every generated deployment and write docs/dev/truth.md
	cd kratos/e2e && OLY_PASSKEY_PROOF=1 go test -count=1 -timeout 60m ./truth -update

GO_LICENSES := $(CURDIR)/bin/go-licenses
# Its warnings about assembly and unreachable hosts are not findings.
QUIET := --logtostderr=false --log_file=/dev/null --stderrthreshold=ERROR
LICENCES := $(CURDIR)/dist/licences

.PHONY: licences
licences: $(GO_LICENSES) ## dist/licences: the licence of every linked module; fails for one that is not allowed
	rm -rf $(LICENCES)
	@set -e; for os in linux darwin windows; do \
		export CGO_ENABLED=0 GOOS=$$os; \
		$(GO_LICENSES) check $(QUIET) --allowed_licenses=Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT,Unlicense ./cmd/oly-passkey; \
		$(GO_LICENSES) save $(QUIET) --ignore github.com/olympusoss/oly-passkey --save_path $(LICENCES)/$$os ./cmd/oly-passkey; \
		install -D -m 644 "$$(go env GOROOT)/LICENSE" $(LICENCES)/$$os/go/LICENSE; \
	done

$(GO_LICENSES): .ci/tools/go-licenses/go.mod .ci/tools/go-licenses/go.sum
	cd .ci/tools/go-licenses && go build -o $@ github.com/google/go-licenses/v2

CYCLONEDX := $(CURDIR)/bin/cyclonedx-gomod

.PHONY: sbom
sbom: build $(CYCLONEDX) ## dist/oly-passkey.cdx.json, the SBOM of bin/oly-passkey (CycloneDX)
	@mkdir -p dist
	$(CYCLONEDX) bin -json -std -noserial -notimestamp -output dist/oly-passkey.cdx.json bin/oly-passkey

$(CYCLONEDX): .ci/tools/cyclonedx-gomod/go.mod .ci/tools/cyclonedx-gomod/go.sum
	cd .ci/tools/cyclonedx-gomod && go build -o $@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

GORELEASER := $(CURDIR)/bin/goreleaser

.PHONY: snapshot
snapshot: $(GORELEASER) ## a whole release in dist/, published nowhere (images need Docker)
	HOMEBREW_TAP_TOKEN= $(GORELEASER) release --snapshot --clean --skip=publish,docker

$(GORELEASER): .ci/tools/goreleaser/go.mod .ci/tools/goreleaser/go.sum
	cd .ci/tools/goreleaser && go build -o $@ github.com/goreleaser/goreleaser/v2

FUZZTIME ?= 60s
.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME (60s) each
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

.PHONY: prerequisites
prerequisites:
	@.ci/prerequisites

$(LINT): .ci/tools/golangci-lint/go.mod .ci/tools/golangci-lint/go.sum
	cd .ci/tools/golangci-lint && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist artefacts

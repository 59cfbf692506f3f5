# make demo    the main job on embedded defaults: a real Kratos, pages, sidecar
# make test    everything, each long suite in a bounded sample
# make proof   the same suites at full length
# make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 1
# Flags of the reproducible build: no paths of this machine, no symbol table.
BUILD := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'
KRATOS_VERSION := v1.3.1
export OLY_PASSKEY_KRATOS ?= $(CURDIR)/bin/kratos
export OLY_PASSKEY_ARTEFACTS ?= $(CURDIR)/artefacts

LINT := $(CURDIR)/bin/golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## both programs in bin/, static and stripped
	$(BUILD) -o bin/ ./cmd/oly-passkey ./cmd/oly-passkey-sidecar

.PHONY: kratos
kratos: bin/kratos ## bin/kratos, the real Ory Kratos (3-4 minutes the first time)

bin/kratos: kratos/server/main.go kratos/server/go.mod kratos/server/go.sum
	cd kratos/server && CGO_ENABLED=1 go build -tags sqlite -trimpath \
		-ldflags '-X github.com/ory/kratos/driver/config.Version=$(KRATOS_VERSION)' -o ../../bin/kratos .

.PHONY: demo
demo: build bin/kratos ## sign up, sign in and resolve on http://localhost:4455
	./bin/oly-passkey demo $(ARGS)

.PHONY: format
format: $(LINT) ## rewrite the sources in the project's format
	$(LINT) fmt

.PHONY: check
check: $(LINT) ## format, vet, lint, unit tests: before every commit
	@$(LINT) fmt --diff || { echo "not formatted: make format" >&2; exit 1; }
	go vet ./...
	$(LINT) run --allow-parallel-runners ./...
	cd kratos/e2e && $(VET)
	go test ./...

.PHONY: test
test: check prerequisites bin/kratos build suites ## everything, bounded (20 minutes warm, 40 cold)

.PHONY: proof
proof: export OLY_PASSKEY_PROOF := 1
proof: check prerequisites bin/kratos build suites fuzz ## the suites of make test at full length

VET = go vet ./... && $(LINT) run --allow-parallel-runners --config $(CURDIR)/.golangci.yml ./...

# The long suites: samples of bounded length, or all there is for make proof.
.PHONY: suites
suites:
	go test -race -timeout 60m ./...
	cd kratos/conformance && $(VET) && go test -timeout 60m ./...
	cd kratos/bench && $(VET) && go test -count=1 -timeout 60m ./...
	cd .ci/manifests && $(VET) && go test ./...
	cd .ci/release && $(VET) && go test -timeout 30m ./...
	go test -tags realkratos -run 'Real' -count=1 -timeout 60m ./...
	cd kratos/e2e && go test -count=1 -p 1 -timeout 60m ./...

.PHONY: bench
bench: prerequisites bin/kratos ## measure and write docs/dev/benchmarks.md (15 minutes; OLY_PASSKEY_PROOF=1 for ten million)
	cd kratos/bench && go test -v -count=1 -timeout 120m . -update $(ARGS)

.PHONY: truth
truth: prerequisites bin/kratos ## run every generated deployment and write docs/dev/truth.md
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

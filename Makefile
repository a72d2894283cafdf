# Each target works on a clean checkout. Tools are fetched as Go modules at the versions below; nothing is installed.
GO          ?= go
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME    ?= 20s
# Policies and signing vectors that tests read, where they are to be had.
export OPENIRSA_TESTDATA

.PHONY: build image test check static format vet lint vulnerabilities race fuzz e2e bench reference full

build: ## the one binary, ./irsa
	$(GO) build -trimpath -o irsa ./cmd/irsa

# What the image is of: equal commits are equal bytes (docs/image.md).
VERSION           ?= $(shell git describe --tags --always 2>/dev/null || echo development)
REVISION          ?= $(shell git rev-parse HEAD 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

image: ## the container image for linux/amd64 and linux/arm64, dist/openirsa-image.tar, without a daemon
	cd deploy/image && SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(GO) run . -o ../../dist/openirsa-image.tar -version "$(VERSION)" -revision "$(REVISION)"

test: ## every test of the product
	$(GO) test ./...

check: static race fuzz ## what must be clean before a change lands

static: format vet lint vulnerabilities ## of it, what reads the code without running it

format:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "not gofmt-clean:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...
	cd e2e && $(GO) vet ./...
	cd bench && $(GO) vet ./... && $(GO) test ./...
	cd deploy/image && $(GO) vet ./... && $(GO) test -timeout 60m ./...

lint: ## staticcheck.conf says which checks, and why any is off
	$(STATICCHECK) ./...
	cd e2e && $(STATICCHECK) ./...
	cd bench && $(STATICCHECK) ./...
	cd deploy/image && $(STATICCHECK) ./...

vulnerabilities: ## needs Go's vulnerability database; says so where that is out of reach
	@GOVULNCHECK="$(GOVULNCHECK)" scripts/vulnerabilities

race: ## -short: what walks long through pure functions in one goroutine has nothing for the detector to see, and `make test` runs it whole
	$(GO) test -race -short ./...

fuzz: ## every fuzz target for FUZZTIME
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" scripts/fuzz

e2e: ## the real AWS CLI and SDKs, and a real Kubernetes, against the built binary
	@GO="$(GO)" scripts/e2e

bench: build ## benchmarks, decisions beside other engines, exchanges over HTTP beside the peer that bench/peers builds, where there is one, and the gateway beside a proxy
	$(GO) test -run '^$$' -bench . -benchmem ./...
	cd bench && $(GO) run ./policy
	cd bench && $(GO) run ./exchange -irsa ../irsa
	cd bench && $(GO) run ./gateway -irsa ../irsa
	cd bench && $(GO) run ./webhook -irsa ../irsa

reference: ## awsmodel/reference.bin and awsmodel/models.bin anew from their pinned sources; needs npm
	$(GO) run ./awsmodel/generate

full: export OPENIRSA_FULL = 1
full: test check e2e ## everything, with the peer built, the reference re-made and compared, and ten minutes for each fuzz target
	OPENIRSA_CASES=1000000 $(GO) test -run TestDifferential -timeout 60m ./policy # a million cases, engine against naive evaluator
	OPENIRSA_CASES=3000 $(GO) test -run TestRandom -timeout 60m ./policy/compare
	$(GO) run ./awsmodel/generate -check
	OPENIRSA_BOTOCORE=all $(GO) test -run TestBotocore -timeout 60m ./awsmodel # a request of every operation, made by AWS's SDK for Python
	GO="$(GO)" bench/peers
	$(MAKE) bench
	$(MAKE) fuzz FUZZTIME=10m

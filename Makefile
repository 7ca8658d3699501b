# Every target prints what it runs. `run`, `demo` and `test` need Go and nothing else.

TOOLS    := $(CURDIR)/.tools/bin
LINT     := v2.15.0
LINTER   := $(TOOLS)/golangci-lint-$(LINT)
VENV     := $(CURDIR)/.tools/venv
SAM      := SAM_CLI_TELEMETRY=0 $(VENV)/bin/sam
CONFIG   ?= dev
RECORDS  ?= 500
SEED     ?= 1
ORDERS   ?= 1000

# The packages where goroutines meet; CI asks them once more with the race detector.
RACE := ./functions/... ./infra/sandbox/... ./shared/connector/... ./shared/mapping/... ./shared/message \
	./shared/events/... ./shared/queue/... ./shared/secret/... ./shared/sqlitefile ./shared/stage/... ./shared/store/...

# The packages with benchmarks of the hot path.
HOT := ./shared/mapping/... ./shared/message ./shared/connector/... ./shared/sqlitefile ./shared/queue/... ./shared/store/...

.DEFAULT_GOAL := help
.PHONY: help run demo systems test race check format vet lint layers tidy validate build deploy venv bench fmt pictures

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start everything on this machine: panel, pipeline and a demo shop with live orders
	go run ./infra/local serve

demo: ## bring a generated shop across once and check every order; RECORDS=500 SEED=1 CHAOS=1
	go run ./infra/local demo --records=$(RECORDS) --seed=$(SEED) $(if $(CHAOS),--chaos)

systems: ## list the systems and what each can do
	go run ./infra/local systems

test: ## run all tests
	go test ./...

race: ## run the tests of the core once more with the race detector
	go test -race $(RACE)

check: format vet lint layers tidy validate ## look for mistakes without running anything: formatting, vet, linters, layers, go.mod, template

format:
	@echo 'gofmt -l .'
	@files=$$(gofmt -l functions infra shared) && if [ -n "$$files" ]; then echo "not formatted; make fmt mends it:" $$files >&2; exit 1; fi

vet:
	go vet ./...

lint: $(LINTER)
	$(LINTER) run ./...

layers:
	go test -count=1 ./infra/layers

# Complains, and changes nothing, when go.mod lists what nobody imports or leaves out what somebody does.
tidy:
	go mod tidy -diff

validate: venv
	$(VENV)/bin/cfn-lint template.yaml
	$(SAM) validate --lint --region eu-central-1

build: venv ## build the functions for AWS Lambda
	$(SAM) build --config-env $(CONFIG)

deploy: build ## bring them to AWS, as the section CONFIG=dev of samconfig.toml says
	$(SAM) deploy --config-env $(CONFIG)

# What sam calls for each function of the template: OrdersFunction is functions/orders.
build-%Function:
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -tags lambda.norpc -ldflags '-s -w' \
		-o $(ARTIFACTS_DIR)/bootstrap ./functions/$(shell echo $* | tr A-Z a-z)

# The tools are made anew when what they are made of changes.
venv: $(VENV)/made

$(VENV)/made: infra/deploy/requirements.txt
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r $<
	touch $@

bench: ## measure: the pipeline from end to end as JSON lines, the parts, and what a million records cost on AWS; ORDERS=1000
	go run ./infra/local bench
	go test -run '^$$' -bench . -benchmem $(HOT)
	go test -run '^$$' -bench ColdStart -benchtime 1x ./infra/deploy
	go test -run '^$$' -bench Cost -benchtime 1x ./infra/deploy -orders=$(ORDERS)

fmt: ## format the source
	gofmt -w functions infra shared

pictures: ## take the pictures of the panel anew (needs Chromium)
	PICTURES=1 go test -count=1 ./shared/panel

# The version is in the file's name, so that a new one is fetched when it is raised above.
$(LINTER):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT)
	mv $(TOOLS)/golangci-lint $@

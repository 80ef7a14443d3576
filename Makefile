# Shortcuts; scripts/ci is what CI runs.
.DEFAULT_GOAL := help
.PHONY: help test race lint fuzz bench consumer ci

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

test: ## run the tests that need only Go
	go test ./...

race: ## the same with the race detector
	go test -race ./...

lint: ## gofmt, go vet, staticcheck, golangci-lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go') | tee /dev/stderr)"
	go vet ./...
	GOWORK=off go tool -modfile=tools/go.mod staticcheck ./...
	GOWORK=off go tool -modfile=tools/lint/go.mod golangci-lint run ./...

fuzz: ## every fuzz target for a minute
	bash scripts/fuzz 1m

bench: ## what calls and callbacks cost, compared with the same written by hand
	bash scripts/bench

consumer: ## build and run programs of users, from a module proxy
	bash scripts/consumer

ci: ## everything that must hold before a change goes in
	bash scripts/ci

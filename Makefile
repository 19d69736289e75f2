# `make` lists the targets. Each is one command that can also be typed by hand.
.DEFAULT_GOAL := help
.PHONY: help setup build test test-pg fmt lint openapi definitions migration bench run ci

EF = dotnet ef migrations add $(NAME) --project src/Infrastructure --startup-project src/Api

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## restore tools and packages, enable the commit hook
	dotnet tool restore
	dotnet restore
	git config core.hooksPath .githooks

build: ## build everything
	dotnet build

test: ## all tests; those that need PostgreSQL skip where the machine has none
	dotnet test

test-pg: ## the storage tests, failing where the machine has no PostgreSQL
	CI=true dotnet test --project tests/Infrastructure.Tests

fmt: ## format the code
	dotnet format

lint: ## what CI checks without running tests
	dotnet format --verify-no-changes
	dotnet build -c Release -warnaserror

openapi: ## write the generated OpenAPI document to openapi/
	TELEFHIR_ACCEPT_OPENAPI=1 dotnet run --project tests/Api.Tests -- -class TeleFhir.Api.Tests.OpenApi.OpenApiTests

definitions: ## write what the product carries of the R4 definitions anew, from their npm package
	rm -rf /tmp/telefhir-definitions && mkdir /tmp/telefhir-definitions
	cd /tmp/telefhir-definitions && npm pack hl7.fhir.r4.examples@4.0.1 && tar -xzf hl7.fhir.r4.examples-4.0.1.tgz
	dotnet run --project tools/Definitions -- /tmp/telefhir-definitions/package src/Domain/Fhir/Definitions

migration: ## add a migration for both databases: make migration NAME=AddSomething
	@test -n "$(NAME)" || { echo "usage: make migration NAME=AddSomething" >&2; exit 2; }
	$(EF) --context SqliteDb --output-dir Persistence/Migrations/Sqlite
	$(EF) --context PostgresDb --output-dir Persistence/Migrations/Postgres
	sed -i -e '/^#nullable disable/d' -e '/#pragma warning \(disable\|restore\) 612, 618/d' src/Infrastructure/Persistence/Migrations/*/*.cs

bench: ## run the benchmarks; ARGS go to them
	dotnet run -c Release --project bench -- $(ARGS)

run: ## serve on http://localhost:5080
	dotnet run --project src/Api

ci: ## what CI runs, all of it
	.ci/run

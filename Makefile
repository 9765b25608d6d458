# One build configuration serves the program, the tests and the demo, so everything compiles once.
SWIFT_FLAGS ?= -c release -Xswiftc -enable-testing
# What `make docs` describes: the targets that are public API.
DOCUMENTED ?= Torch NN MoCaEmbedding
SWIFT_SOURCES = $(wildcard Package.swift Sources Tests Benchmarks examples/library)

.DEFAULT_GOAL := help
.PHONY: help setup build test demo lint format bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the build needs (packages, .deps/); quick when done
	@scripts/setup

build: setup ## build the program: .build/release/moca
	swift build $(SWIFT_FLAGS)

test: setup ## build and run the whole test suite
	swift build $(SWIFT_FLAGS) --build-tests
	@scripts/test $(SWIFT_FLAGS)

demo: build ## train, evaluate and search on the bundled data; ends with an HTML report
	scripts/demo

lint: setup ## check format, layers, sizes and words
	@scripts/lint $(SWIFT_SOURCES)

format: ## lay out the Swift files as `make lint` wants them
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

bench: setup ## measure throughput against the GEMM peak of the same run
	MOCA_BENCHMARKS=1 swift build $(SWIFT_FLAGS)
	scripts/bench/run

docs: setup ## write the API reference of the public targets to .build/docs
	@SWIFT_FLAGS="$(SWIFT_FLAGS)" scripts/docs $(DOCUMENTED)

clean: ## delete what was built (not .deps)
	rm -rf .build

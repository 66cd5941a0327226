# Needs the Rust toolchain; `contract` also needs Node and Python, `bench` nginx, Python and Java.
# Missing packages are installed by cargo, npm, pip and apt.

CARGO ?= cargo

.PHONY: demo test contract referees soak bench bench-quick bench-sandbox generate spec-diff check lint package static clean

## Run the main job against an embedded sandbox.
demo:
	$(CARGO) run --quiet -p compute-kfp --example record_calibration

## Run every test and every documentation example. Many tests wait for timeouts and processes, so
## more of them run in parallel than there are cores, and the examples run beside them.
test: export RUST_TEST_THREADS ?= 4
test:
	$(CARGO) build --workspace --lib --tests --examples
	@$(CARGO) test --workspace --no-fail-fast --quiet --doc & examples=$$!; \
	$(CARGO) test --workspace --no-fail-fast --tests; programs=$$?; \
	wait $$examples && exit $$programs

## Run third-party conformance checks of the clients and the sandbox; needs Node 20 and Python 3.10.
contract: referees
	$(CARGO) test --workspace --test contract

## Install the conformance checkers, at the versions of their lock files.
referees: contract/oidc/node_modules/.package-lock.json
referees: contract/referees/node_modules/.package-lock.json
referees: contract/schemathesis/.venv/installed contract/tools/.venv/installed
referees: contract/witness/.venv/installed

contract/%/node_modules/.package-lock.json: contract/%/package-lock.json
	cd contract/$* && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

contract/%/.venv/installed: contract/%/requirements.txt
	python3 -m venv --clear contract/$*/.venv
	contract/$*/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

## Make 100,000 calls to a server that fails at random, and read lists of a million items. Checks that
## no call is lost or executed twice, and that memory stays flat.
soak:
	$(CARGO) bench -p compute-kfp-runtime --bench soak --bench million_items

## Measure pages of the sandbox's lists, with 10,000 runs.
bench-sandbox:
	$(CARGO) bench -p compute-kfp-sandbox --bench pages

## Compare the SDK with other clients and write benches/RESULTS.md; see benches/README.md.
bench: benches/tools/nginx/installed contract/witness/.venv/installed
bench: benches/candidates/openapi-generator/generated/done
	cd benches && $(CARGO) run --quiet --release

## Run the benchmarks that need only Rust and nginx, and print the results.
bench-quick: benches/tools/nginx/installed
	cd benches && $(CARGO) run --quiet --release -- --quick

benches/tools/nginx/installed: benches/install-nginx
	$< $(@D)

benches/tools/openapi-generator/installed: benches/candidates/openapi-generator/requirements.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

benches/candidates/openapi-generator/generated/done: benches/tools/openapi-generator/installed
benches/candidates/openapi-generator/generated/done: benches/candidates/openapi-generator/generate
benches/candidates/openapi-generator/generated/done: $(wildcard specs/*.json)
	benches/candidates/openapi-generator/generate benches/tools/openapi-generator/bin/openapi-generator-cli
	touch $@

## Regenerate the client crates from specs/, and print warnings.
generate:
	$(CARGO) run --quiet --bin generate

## Report what changes from spec OLD=… to spec NEW=…, and add it to the changelog.
spec-diff:
	$(CARGO) run --quiet -p compute-kfp-codegen --bin compute-kfp-spec-diff -- \
	    --overlay specs/compute.overlay.json --overlay specs/kfp.overlay.json \
	    --changelog CHANGELOG.md "$(OLD)" "$(NEW)"

## Fail if generated code is stale, an overlay matches nothing, or a part of a spec is left out.
check:
	$(CARGO) run --quiet --bin generate -- --check

## Fail on bad format, warnings and missing documentation.
lint:
	ci/format
	ci/clippy
	ci/documentation

## Check every crate from the package that would be published.
package:
	ci/packages

## Build the command line as a static program for Linux and try it; see ci/static.
static:
	ci/static

clean:
	$(CARGO) clean

# Needs only the Rust toolchain, `contract` Node and Python, and `bench` nginx, Python and Java; cargo,
# npm, pip and apt fetch what is missing.

CARGO ?= cargo

.PHONY: demo test contract referees soak bench bench-quick generate spec-diff check lint package clean

## Run the main job against the sandbox inside the process.
demo:
	$(CARGO) run --quiet -p compute-kfp --example record_calibration

## Run every test and every example of the documentation. Many tests wait, for time limits and
## programs: more of them than there are cores run at once.
test: export RUST_TEST_THREADS ?= 4
test:
	$(CARGO) test --workspace --no-fail-fast

## Let referees of other making judge the clients and the sandbox; needs Node 20 and Python 3.10.
## They are a workspace of their own, but what both depend on is built once.
contract: export CARGO_TARGET_DIR ?= $(CURDIR)/target
contract: referees
	cp Cargo.lock contract/Cargo.lock
	$(CARGO) test --manifest-path contract/Cargo.toml

## Install the referees, at the versions of their lock files.
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

## Make 100,000 calls to a server that fails now and then, and read lists of a million items: nothing
## is lost or done twice, and memory stays flat.
soak:
	$(CARGO) bench -p compute-kfp-runtime --bench soak --bench million_items

## Measure the SDK beside its peers and write benches/RESULTS.md; benches/README.md says what it takes.
bench: benches/tools/nginx/installed contract/witness/.venv/installed
bench: benches/candidates/openapi-generator/generated/done
	cp Cargo.lock benches/Cargo.lock
	cd benches && $(CARGO) run --quiet --release

## Measure what needs no other language; the results go to the terminal.
bench-quick: benches/tools/nginx/installed
	cp Cargo.lock benches/Cargo.lock
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

## Put into the client crates what specs/ gives, and print warnings; run it after a change there.
generate:
	$(CARGO) run --quiet --bin generate

## Tell what a new description changes, from OLD=… to NEW=…, and write it into the changelog.
spec-diff:
	$(CARGO) run --quiet -p compute-kfp-codegen --bin compute-kfp-spec-diff -- \
	    --overlay specs/compute.overlay.json --overlay specs/kfp.overlay.json \
	    --changelog CHANGELOG.md "$(OLD)" "$(NEW)"

## Fail if checked-in code is stale, an overlay matches nothing, or a part of a spec is left out.
check:
	$(CARGO) run --quiet --bin generate -- --check

## Fail on bad format, on warnings and on gaps in the documentation.
lint:
	ci/format
	ci/clippy
	ci/documentation

## Build every crate from the package that would be published.
package:
	ci/packages

clean:
	$(CARGO) clean

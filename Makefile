# make run    builds siraj and serves the demo campaign on 127.0.0.1:8080
# make test   every test, against a PostgreSQL that the tests start themselves
# make check  what is checked before a change is taken: format, lints, documentation, dependencies, tests
# make bench  measures the shipped binary beside pgbench; the table goes to target/bench/table.md
# make openapi  writes openapi/siraj.json and src/schema.rs again, from the code and from the migrations
# make fmt    formats the code

.PHONY: run test check lint deny bench openapi fmt

run:
	@scripts/prepare.sh run
	cargo run --release --locked -- serve --demo

test:
	@scripts/prepare.sh test
	cargo test --locked --features pdf

# The cheapest first; the tests last, so that their result is the last word.
check: lint deny
	@scripts/prepare.sh test
	cargo test --locked --features pdf

lint:
	@scripts/prepare.sh run
	cargo fmt --check
	cargo clippy --locked --features pdf --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --features pdf --no-deps --document-private-items

# The audit of dependencies needs cargo-deny; whoever has not installed it is told, not stopped.
deny:
	@if command -v cargo-deny >/dev/null 2>&1; then cargo deny --locked check bans licenses sources; \
	else echo "cargo-deny is not installed: the dependencies are not audited (cargo install --locked cargo-deny)"; fi

bench:
	@scripts/prepare.sh bench
	cargo build --profile dist --locked
	python3 bench/bench.py all

openapi:
	SIRAJ_BLESS=1 cargo test --locked --features pdf --test it -- the_committed_document the_schema_file

fmt:
	cargo fmt

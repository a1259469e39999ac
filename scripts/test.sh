#!/usr/bin/env bash
# Runs all tests against a throwaway PostgreSQL; arguments go to `cargo test`, e.g. a test's name.
# The last line is always `N passed, N failed`, with `, N skipped` when tests were ignored.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOKTOLIB_PG_DIST=${DOKTOLIB_PG_DIST:-$PWD/data/postgres-dist}

# Always the whole workspace: a part of it would be built with other features, that is once more.
if ! cargo test --workspace --no-run --quiet; then
    echo "0 passed, 1 failed"
    exit 1
fi
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

output=$(mktemp)
log=$(mktemp)
trap 'rm -f "$output" "$log" "$log.private"' EXIT
status=0
DOKTOLIB_TEST_LOG=$log "$target/debug/with-postgres" cargo test --workspace --no-fail-fast "$@" 2>&1 | tee "$output" || status=$?

read -r passed failed skipped < <(awk '
    /^test result: / { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } }
    END { print p + 0, f + 0, s + 0 }' "$output")
# Only the whole suite logs enough to prove something.
if [ $# -eq 0 ]; then
    if scripts/check-logs.sh "$log"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi
# A test program that crashes reports nothing.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
[ "$failed" -eq 0 ] || status=1
[ "$skipped" -eq 0 ] && rest= || rest=", $skipped skipped"
echo "$passed passed, $failed failed$rest"
exit "$status"

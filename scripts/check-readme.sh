#!/usr/bin/env bash
# Runs the first booking of README.md, word for word, against a server that is up, and checks what it answers.
#
#   BASE_URL=http://localhost:8080 scripts/check-readme.sh
#
# The server has to let guests book and to have doctors with free time, as `doktolib all` makes it in development.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export BASE_URL=${BASE_URL:-http://localhost:8080}

walk=$(awk '
    /^<!-- check-readme: walk -->$/ { marked = 1; next }
    marked && /^```bash$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }' README.md)
[ -n "$walk" ] || { echo "README.md has no block marked for this check" >&2; exit 1; }

for _ in $(seq 60); do
    curl -fsS -o /dev/null "$BASE_URL/api/v1/health" 2>/dev/null && break
    sleep 0.5
done

said=$(bash -u -c "$walk" 2>&1) || true
printf '%s\n' "$said"

failed=0
expect() { # what, wanted, found
    [ "$2" = "$3" ] && return
    echo "check-readme: $1: expected $2, got ${3:-nothing}" >&2
    failed=1
}

expect "statuses" "201 409 200 200" "$(printf '%s\n' "$said" | sed -n 's/^HTTP //p' | xargs)"
expect "code of the refusal" "slot-taken" \
    "$(printf '%s\n' "$said" | sed -n 's/.*"alternatives":\[.*"code":"\([a-z-]*\)".*/\1/p')"
expect "status of the visit" "booked cancelled cancelled" \
    "$(printf '%s\n' "$said" | sed -n 's/.*"status":"\([a-z_]*\)".*/\1/p' | xargs)"
[ "$failed" -eq 0 ] && echo "the first booking of README.md works at $BASE_URL"
exit "$failed"

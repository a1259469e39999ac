#!/usr/bin/env bash
# Runs README's block about what a patient is told, word for word, against a development server that is up, and checks
# which letters came in which order.
#
#   BASE_URL=http://localhost:8080 scripts/check-chain.sh [path of the binary]
#
# The binary makes tokens in the server's name: give it the server's environment (PORT, DOKTOLIB_DATA_DIR, …).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export BASE_URL=${BASE_URL:-http://localhost:8080}
DOKTOLIB=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/doktolib}")
export DOKTOLIB
walk=$(awk '
    /^<!-- check-chain: walk -->$/ { marked = 1; next }
    marked && /^```bash$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }' README.md)
[ -n "$walk" ] || { echo "README.md has no block marked for this check" >&2; exit 1; }

said=$(timeout 120 bash -u -c "$walk" 2>&1) || true
printf '%s\n' "$said"
wanted="booking-confirmed reminder HTTP booking-cancelled"
found=$(printf '%s\n' "$said" | sed -n 's/^Template: //p; s/^\(HTTP\) 200$/\1/p' | xargs)
if [ "$wanted" != "$found" ]; then
    echo "check-chain: expected $wanted, got $found" >&2
    exit 1
fi
idle=$(printf '%s\n' "$said" | grep -c 'done: due 0') || true
[ "$idle" = 1 ] || { echo "check-chain: $idle runs had nobody to remind, not the second alone" >&2; exit 1; }
echo "what README says of letters works at $BASE_URL"

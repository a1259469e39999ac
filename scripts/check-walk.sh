#!/usr/bin/env bash
# Runs the whole walk of docs/api.md, word for word, against a development server that is up, and checks what it answers.
#
#   BASE_URL=http://localhost:8080 scripts/check-walk.sh [path of the binary]
#
# The binary makes tokens in the server's name: give it the server's environment (PORT, DOKTOLIB_DATA_DIR, …).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export BASE_URL=${BASE_URL:-http://localhost:8080}
binary=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/doktolib}")
doktolib() { RUST_LOG=warn "$binary" "$@"; }

pick() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
export -f pick
walk=$(awk '
    /^<!-- check-walk: walk -->$/ { marked = 1; next }
    marked && /^```bash$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }' docs/api.md)
[ -n "$walk" ] || { echo "docs/api.md has no block marked for this check" >&2; exit 1; }

desk=desk.$$.$RANDOM@example.com
clinic=$(curl -sS "$BASE_URL/api/v1/clinics?limit=100" | grep -o '"id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)
doktolib user create --email "$desk" --name "Otto Desk" --role staff --clinic "$clinic" >/dev/null
DOCTOR=$(doktolib token --user doctor@example.com)
OTHER_DESK=$(doktolib token --user "$desk")
export DOCTOR OTHER_DESK

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
said=$(cd "$folder" && timeout 120 bash -u -c "$walk" 2>&1) || true
printf '%s\n' "$said"
wanted="201 200 200 404 404 200 200 1 204 401"
found=$(printf '%s\n' "$said" | sed -n 's/^HTTP //p; s/^\([0-9]\)$/\1/p' | xargs)
if [ "$wanted" != "$found" ]; then
    echo "check-walk: expected $wanted, got $found" >&2
    exit 1
fi
head -c 2 "$folder/export.zip" | grep -q PK || { echo "check-walk: the copy is no ZIP" >&2; exit 1; }
echo "the whole walk of docs/api.md works at $BASE_URL"

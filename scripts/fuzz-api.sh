#!/usr/bin/env bash
# Lets schemathesis (from PyPI) read the API's own description and try to break it: no 5xx, no status, header or
# body that the description does not know. Needs python3 with venv, and a running development server:
#   RATE_LIMIT=off RATE_LIMIT_AUTH=off make run      (in one terminal)
#   make fuzz                                        (in another; BASE_URL and EXAMPLES may be set)
set -eu
base=${BASE_URL:-http://localhost:8080}
examples=${EXAMPLES:-60}
top=$(cd "$(dirname "$0")/.." && pwd)
venv=${FUZZ_VENV:-$top/target/fuzz-venv}
[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv"; "$venv/bin/pip" -q install 'schemathesis>=4.32,<5'; }
field() { python3 -c 'import json, sys; print(eval("json.load(sys.stdin)" + sys.argv[1]))' "$1"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$top/schemathesis.toml" "$work/"
cd "$work"

echo "== everything, with made-up ids"
"$venv/bin/schemathesis" run "$base/api/v1/openapi.json" --checks all --max-examples "$examples"

doctor=$(curl -sf "$base/api/v1/doctors?sort=soonest&limit=1" | field '[0]["id"]')
echo "== the operations of a doctor who exists"
printf '\n[parameters]\n"path.id" = "%s"\n' "$doctor" >>schemathesis.toml
"$venv/bin/schemathesis" run "$base/api/v1/openapi.json" --checks all --max-examples "$examples" --include-path-regex '/doctors/\{id'

start=$(curl -sf "$base/api/v1/doctors/$doctor/slots" | field '[-1]["starts_at"]')
booked=$(curl -sf "$base/api/v1/appointments" -H 'content-type: application/json' \
    -d "{\"doctor_id\":\"$doctor\",\"starts_at\":\"$start\",\"patient_name\":\"Fuzz Example\",\"patient_email\":\"fuzz@example.org\"}")
echo "== the operations of an appointment whose link we hold"
cp "$top/schemathesis.toml" .
printf '\n[parameters]\n"path.id" = "%s"\n"query.token" = "%s"\n' \
    "$(echo "$booked" | field '["id"]')" "$(echo "$booked" | field '["manage_url"].split("token=")[1]')" >>schemathesis.toml
"$venv/bin/schemathesis" run "$base/api/v1/openapi.json" --checks all --max-examples "$examples" --include-path-regex '/appointments/\{id'

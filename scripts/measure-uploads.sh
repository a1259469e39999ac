#!/usr/bin/env bash
# Memory of the server while many upload at once.
#
# Starts the program on a database of its own, signs up as a patient, uploads COUNT small files at the same time, so that
# threads and connections are there, and then COUNT files of 10 MiB. Prints the largest resident memory of the server's process before and after that.
# The processes that look through files are others; they are told apart.
#
#   cargo build --release -p doktolib --bin doktolib        # or BINARY=target/debug/doktolib
#   scripts/measure-uploads.sh
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${BINARY:-target/release/doktolib} count=${COUNT:-50} port=${PORT:-18080}
folder=$(mktemp -d)
# The private PostgreSQL may run as another user.
chmod 755 "$folder"
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    rm -rf "$folder"
}
trap finish EXIT

RATE_LIMIT=off RATE_LIMIT_AUTH=off RATE_LIMIT_UPLOADS=off PORT=$port DOKTOLIB_DATA_DIR=$folder/data SEED_NUM_DOCTORS=20 \
    RUST_LOG=warn "$binary" all </dev/null >"$folder/log" 2>&1 &
server=$!
base=http://localhost:$port
for _ in $(seq 300); do
    curl -fsS "$base/api/v1/health" >/dev/null 2>&1 && break
    sleep 0.2
done
# The code lies in the mail of development.
request=$(curl -fsS "$base/api/v1/auth/register" -H 'content-type: application/json' \
    -d '{"email": "ada@example.org", "name": "Ada Example", "language": "en", "consents": [{"document": "terms", "version": "1"}]}' |
    sed 's/.*"request_id":"\([^"]*\)".*/\1/')
code=
for _ in $(seq 100); do
    code=$(cat "$folder"/data/mail/*.eml 2>/dev/null | grep -oE '\b[0-9]{6}\b' | head -1) && [ -n "$code" ] && break
    sleep 0.2
done
token=$(curl -fsS "$base/api/v1/auth/otp/verify" -H 'content-type: application/json' \
    -d "{\"request_id\": \"$request\", \"code\": \"$code\"}" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

rss() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }
peak() { awk '/^VmHWM/ {print $2}' "/proc/$server/status"; }
# Plain text of 10 MiB: what takes the least time to be looked through, so that most of them come at once.
head -c 10485760 < <(yes 'Nothing but words, line after line.') >"$folder/paper.txt"
echo 'A few words.' >"$folder/note.txt"
send() { curl -sS -o /dev/null -w '%{http_code}\n' "$base/api/v1/files/upload" -H "authorization: Bearer $token" -F "file=@$folder/$1"; }

all_at_once() {
    local senders=()
    for _ in $(seq "$count"); do
        send "$1" >>"$folder/$2" &
        senders+=($!)
    done
    wait "${senders[@]}"
}
all_at_once note.txt small
before=$(rss)
echo 5 >"/proc/$server/clear_refs"
begun=$(date +%s)
all_at_once paper.txt answers
took=$(($(date +%s) - begun))
echo "uploads of 10 MiB at once: $count"
echo "answers: $(sort "$folder/answers" | uniq -c | tr -s ' \n' ' ')"
grep -qv 201 "$folder/answers" && grep -E 'WARN|ERROR' "$folder/log" | tail -3
echo "seconds: $took"
echo "resident before: $((before / 1024)) MiB, peak: $(($(peak) / 1024)) MiB, after: $(($(rss) / 1024)) MiB"
echo "growth at the peak: $((($(peak) - before) / 1024)) MiB"

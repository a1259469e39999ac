#!/usr/bin/env bash
# Starts the built binary on an empty data folder, as a new user would, and walks through README's first booking
# and the whole walk of docs/api.md.
#
#   scripts/try-readme.sh [path of the binary, default: the debug build]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=${1:-${CARGO_TARGET_DIR:-target}/debug/doktolib}
export DOKTOLIB_PG_DIST=${DOKTOLIB_PG_DIST:-$PWD/data/postgres-dist}

folder=$(mktemp -d /tmp/doktolib-readme.XXXXXX)
chmod 755 "$folder"
unset DATABASE_URL DOKTOLIB_SECRET DOKTOLIB_TIER
RATE_LIMIT=off RATE_LIMIT_AUTH=off PORT=0 DOKTOLIB_DATA_DIR=$folder/data LOG_FORMAT=text RUST_LOG=info "$binary" all </dev/null >"$folder/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT

for _ in $(seq 240); do
    port=$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$folder/log")
    [ -n "$port" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.5
done
if [ -z "${port:-}" ]; then
    cat "$folder/log" >&2
    echo "the server did not start" >&2
    exit 1
fi
BASE_URL=http://localhost:$port scripts/check-readme.sh
# Tokens name the installation by its address, which the server made of the port it was told.
PORT=0 BASE_URL=http://localhost:$port DOKTOLIB_DATA_DIR=$folder/data scripts/check-walk.sh "$binary"
PORT=0 BASE_URL=http://localhost:$port DOKTOLIB_DATA_DIR=$folder/data scripts/check-chain.sh "$binary"
PORT=$port DOKTOLIB_DATA_DIR=$folder/data RUST_LOG=warn "$binary" health
DOKTOLIB_DATA_DIR=$folder/data RUST_LOG=warn "$binary" audit verify

#!/usr/bin/env bash
# The style and the icons that are committed are those that their sources make.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../crates/pages/assets"
if ! command -v npm >/dev/null 2>&1; then
    echo "assets: npm is not here, so they were not built anew"
    exit 0
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
npm install --no-save --no-audit --no-fund --ignore-scripts --silent >/dev/null
node build.mjs "$made" 2>/dev/null
diff -rq "$made" dist || { echo "assets: dist is not what src makes; run  npm run build  in crates/pages/assets" >&2; exit 1; }
echo "assets: as their sources make them"

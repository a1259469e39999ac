#!/usr/bin/env bash
# Every relative link in a Markdown file has to lead to a file or folder that exists.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

links() {
    # Code is no prose: blocks between fences and words between backticks are left out.
    awk '
        /^[ \t]*(```|~~~)/ { fenced = !fenced; next }
        fenced { next }
        {
            gsub(/`[^`]*`/, "")
            line = $0
            while (match(line, /\]\([^)]*\)/)) {
                print FNR "\t" substr(line, RSTART + 2, RLENGTH - 3)
                line = substr(line, RSTART + RLENGTH)
            }
            line = $0
            while (match(line, /(href|src)="[^"]*"/)) {
                found = substr(line, RSTART, RLENGTH)
                sub(/^[a-z]+="/, "", found); sub(/"$/, "", found)
                print FNR "\t" found
                line = substr(line, RSTART + RLENGTH)
            }
            if (match($0, /^\[[^]]+\]:[ \t]*[^ \t]+/)) {
                found = substr($0, RSTART, RLENGTH)
                sub(/^\[[^]]+\]:[ \t]*/, "", found)
                print FNR "\t" found
            }
        }' "$1"
}

checked=0 broken=0
while IFS= read -r file; do
    while IFS=$'\t' read -r line target; do
        target=${target%% \"*}
        target=${target#<} target=${target%>}
        case $target in
            '' | '#'* | [a-z]*:* | //*) continue ;;
        esac
        path=${target%%#*} path=${path%%\?*}
        path=$(printf '%b' "${path//%/\\x}")
        case $path in
            /*) path=.$path ;;
            *) path=$(dirname "$file")/$path ;;
        esac
        checked=$((checked + 1))
        if [ ! -e "$path" ]; then
            echo "$file:$line: there is no $target" >&2
            broken=$((broken + 1))
        fi
    done < <(links "$file")
done < <(find . -name '*.md' -not -path '*/target/*' -not -path '*/node_modules/*' -not -path './data/*' -not -path './.git/*' | sed 's|^\./||' | sort)

echo "$checked relative links in the documents, $broken of them broken"
[ "$broken" -eq 0 ]

#!/usr/bin/env bash
# Looks for personal data in the log of the API's tests: scripts/check-logs.sh LOG. The tests write the log there when
# DOKTOLIB_TEST_LOG names it, and what must not be in it into LOG.private, a text a line.
set -euo pipefail

log=$1
# What the fixed set is made of; whatever the tests send and get is in the file already.
always=$(printf '%s\n' 'Ada Example' 'ada.example@' 'Alice Baker' 'alice.baker' 'Omar Haddad' 'Elena Petrov' \
    '@example.org' '@example.com' 'Rumpelstiltskin' 'manage_url' 'token=' 'Bearer ey')

requests=$(grep -c '"message":"request"' "$log" || true)
words=$(sort -u "$log.private" | grep -c . || true)
if [ "$requests" -lt 500 ] || [ "$words" -lt 50 ]; then
    echo "logs: only $requests requests and $words private texts were seen; that proves nothing"
    exit 1
fi
# Six digits of a code stand within some instant or id by chance; a code that is logged stands by itself.
codes=$(sort -u "$log.private" | grep -xE '[0-9]{6,8}' || true)
texts=$(sort -u "$log.private" | grep -vxE '[0-9]{6,8}'; echo "$always")
found=$(grep -F -n -f <(echo "$texts") "$log"; [ -z "$codes" ] || grep -F -w -n -f <(echo "$codes") "$log" || true)
if [ -n "$found" ]; then
    echo "logs: personal data or secrets in $(echo "$found" | wc -l) lines, the first of them:"
    echo "$found" | head -n 5 | cut -c 1-600
    exit 1
fi
echo "logs: $requests requests, and none of $words private texts in $(wc -l <"$log") lines"

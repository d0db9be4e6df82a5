#!/bin/sh
# SPDX-License-Identifier: MIT
# The same with a shell: `./tests.sh` as ever, `LOCKVAL="lockval run --" ./tests.sh` under lockval.
set -u
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC-cc} -g -fPIC -shared -pthread -o "$work/libledger.so" ledger.c || exit 1
for name in teller auditor desk; do
    ${CC-cc} -g -pthread -o "$work/$name" $name.c "$work/libledger.so" || exit 1
done

failed=0
for words in teller auditor 'desk pay' 'desk audit'; do
    # shellcheck disable=SC2086
    if LOCKVAL_OPTIONS="${LOCKVAL_OPTIONS:+$LOCKVAL_OPTIONS:}test=$words" ${LOCKVAL-} "$work"/$words; then
        echo "ok $words"
    else
        echo "not ok $words"
        failed=1
    fi
done
exit $failed

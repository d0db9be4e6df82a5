#!/bin/sh
# SPDX-License-Identifier: MIT
# The same with a shell: `./tests.sh` as ever, `LOCKVAL="lockval run --" ./tests.sh` under lockval.
set -u
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC-cc} -g -pthread -o "$work/store_tests" store_tests.c store.c || exit 1

failed=0
for name in put journal replay compact writers; do
    if ${LOCKVAL-} "$work/store_tests" "$name"; then
        echo "ok $name"
    else
        echo "not ok $name"
        failed=1
    fi
done
exit $failed

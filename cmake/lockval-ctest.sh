#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands in front of a test's command where lockval-ctest.cmake needs more than `lockval run`:
#   judge STATUS INSTEAD COMMAND...     runs it; its status STATUS means findings: says so, and ends with INSTEAD
#   fresh FILE FILE COMMAND...          becomes it, after the record of an earlier run was removed
#   preload LIBRARY OPTIONS COMMAND...  becomes it, with the library in its environment
set -u
mode=$1
first=$2
second=$3
shift 3
case $mode in
    judge)
        "$@"
        status=$?
        if [ "$status" = "$first" ] && [ "$status" != 0 ]; then
            echo 'lockval: findings of this test count'
            status=$second
        fi
        exit "$status"
        ;;
    fresh)
        rm -f "$first"
        exec "$@"
        ;;
    preload)
        case :${LD_PRELOAD-}: in
            *liblockval.so*) ;;
            *) LD_PRELOAD=$first${LD_PRELOAD:+:$LD_PRELOAD} ;;
        esac
        LOCKVAL_OPTIONS=${LOCKVAL_OPTIONS:+$LOCKVAL_OPTIONS:}$second
        export LD_PRELOAD LOCKVAL_OPTIONS
        exec "$@"
        ;;
    *)
        echo "lockval-ctest.sh: there is no '$mode'" >&2
        exit 2
        ;;
esac

#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands in front of a test's command where lockval-ctest.cmake needs more than `lockval run`:
#   judge STATUS INSTEAD COMMAND...     runs it; its status STATUS means findings: says so, and ends with INSTEAD
#   fresh FILE FILE COMMAND...          becomes it, after the record of an earlier run was removed
#   preload LIBRARY OPTIONS COMMAND...  becomes it, with the library in its environment
# and, before and behind the tests of a union:
#   begin FOLDER -                      removes the records that an earlier run left there
#   union FOLDER DB SOURCE LOCKVAL WORD...
#                                       puts all records there together, as FOLDER.jsonl, and runs `LOCKVAL WORD... FOLDER.jsonl`; the
#                                       records are added to the store DB, if that is not empty, as of the commit that SOURCE has
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
    begin)
        mkdir -p "$first" && find "$first" -type f -name '*.jsonl' -exec rm -f {} +
        ;;
    union)
        records() {
            find "$first" -type f -name '*.jsonl' -size +0 "$@"
        }
        source=$1
        lockval=$2
        shift
        if [ -z "$(records | head -n 1)" ]; then
            echo "lockval: there are no records in $first"
            exit 77
        fi
        if [ -n "$second" ]; then
            # CI says it in the records. With changes that are in no commit it ends in -dirty.
            commit=$(git -C "$source" describe --always --dirty --abbrev=40 --exclude='*' 2> /dev/null) || commit=
            records -print0 | "$lockval" db add --keep-going --quiet ${commit:+"--commit=$commit"} --null --from-file=- "$second" || exit 1
        fi
        # What a test that was killed left behind may be no record; merge says so.
        rm -f "$first.jsonl"
        records -print0 | "$lockval" merge --keep-going --null --from-file=- --output="$first.jsonl"
        [ -s "$first.jsonl" ] || exit 1
        "$@" "$first.jsonl"
        ;;
    *)
        echo "lockval-ctest.sh: there is no '$mode'" >&2
        exit 2
        ;;
esac

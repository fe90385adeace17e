#!/bin/bash
# The figures of docs/benchmarks-tsql.md: how long the conversion of one and of four megabytes of T-SQL takes. The text is the
# corpus of tests/tsql again and again, each time in a schema of its own. BENCH_ROUNDS shrinks it.
set -u -o pipefail
# shellcheck source=tests/lib/cluster.sh
. "$(dirname "$0")/../lib/cluster.sh"
# shellcheck source=tests/lib/bench.sh
. "$LM_ROOT/tests/lib/bench.sh"
bench_init bench_tsql
rounds=${BENCH_ROUNDS:-3}
report=${BENCH_TSQL_REPORT:-$LM_ROOT/docs/benchmarks-tsql.md}
lm_env
# text MEGABYTES FILE
text() {
    local copy=0
    : > "$2"
    while [ "$(stat -c %s "$2")" -lt $(($1 * 1000000)) ]; do
        copy=$((copy + 1))
        for file in "$LM_ROOT"/tests/tsql/*.sql; do
            sed -E "s/\[?\b(dbo|bill|wh)\]?\./part${copy}_\1./g" "$file"
            printf '\nGO\n'
        done >> "$2"
    done
    chmod a+r "$2"
}
# convert FILE: $took seconds, $objects, $bytes of the result
convert() {
    local answer
    {
        printf "\\\\set code \`cat '%s'\`\nCREATE TEMP TABLE script AS SELECT :'code'::text AS code;\n" "$1"
        printf '\\timing on\nSELECT count(*), sum(octet_length(r.sql)) FROM script, lakemover.convert_routine(code) r;\n'
    } > "$LM_TMP/convert.sql"
    answer=$(lm_cli psql -X -q -A -t -F ' ' -f "$LM_TMP/convert.sql") || die "the conversion failed"
    read -r objects bytes <<< "$(sed -n 1p <<< "$answer")"
    took=$(calc "$(sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p' <<< "$answer") / 1000")
}
chmod a+rx "$LM_TMP"
for size in 1 4; do
    text $size "$LM_TMP/$size.sql"
    : > "$LM_TMP/took.$size"
    for round in $(seq "$rounds"); do
        convert "$LM_TMP/$size.sql"
        echo "$took" >> "$LM_TMP/took.$size"
        record "$(calc "$(stat -c %s "$LM_TMP/$size.sql") / 1000000") MB, $objects objects, $(calc "$bytes / 1000000") MB of result" "round $round" "$took s"
    done
    declare "s$size=$(median < "$LM_TMP/took.$size")"
done
# shellcheck disable=SC2154  # s1 and s4: see declare
{
    printf '# Benchmarks: T-SQL\n\nWritten by tests/bench/tsql.sh (part of `make bench`). Medians of %s rounds. `lakemover.convert_routine()` of the corpus of `tests/tsql`,\nagain and again in schemas of their own; parsing, conversion and the rows of the result, without the check beside tables.\n\n' "$rounds"
    machine_table
    printf '\n| aim | limit | measured | |\n|---|---|---|---|\n'
    aim "1 MB of T-SQL" 1 "$s1" s
    aim "4 MB against 1 MB: 4 is linear, 16 a square" 6 "$(calc "$s4 / $s1")"
} | bench_page "$report"

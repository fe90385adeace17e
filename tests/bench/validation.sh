#!/bin/bash
# The figures of docs/benchmarks-validation.md: a comparison of both sides against the longer of two bare COPY reads, the time of
# level 3, what a refresh moves and takes when 1 % of the rows have changed, and what a run costs per empty table. BENCH_ROWS, BENCH_ROUNDS and BENCH_TABLES shrink it.
set -u -o pipefail
# shellcheck source=tests/lib/cluster.sh
. "$(dirname "$0")/../lib/cluster.sh"
# shellcheck source=tests/lib/bench.sh
. "$LM_ROOT/tests/lib/bench.sh"
bench_init bench_validation
rows=${BENCH_ROWS:-3000000}
rounds=${BENCH_ROUNDS:-3}
tables=${BENCH_TABLES:-1000}
report=${BENCH_VALIDATION_REPORT:-$LM_ROOT/docs/benchmarks-validation.md}
say "starting servers, generating $rows rows"
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -v rows="$rows" -f - < "$LM_ROOT/tests/bench/mixed.sql" || die "the source's rows"
{
    echo 'SET client_min_messages = warning; CREATE SCHEMA empty;'
    for ((i = 1; i <= tables; i++)); do echo "CREATE TABLE empty.t$i (id int PRIMARY KEY, name text);"; done
} > "$LM_TMP/empty.sql"
lm_sql source "$LM_DB" -f - < "$LM_TMP/empty.sql" || die "the empty tables"
lm_env
export SOURCE_SCHEMAS=bench
lm_cli > "$LM_TMP/run.log" 2>&1 || { tail -n 20 "$LM_TMP/run.log" >&2; die "the load failed"; }
loaded_s=$(phases load,finish,validate)
record "the whole load: load, finish, validate" "once" "$loaded_s s"
level3=$(staging "SELECT round(max(seconds)::numeric, 2) FROM lakemover.validation WHERE level = 3 AND run_id = $newest")
record "level 3 of a run, slowest table" "once" "$level3 s"
for round in $(seq "$rounds"); do
    start=$(now)
    source_psql -c 'COPY bench.mixed TO STDOUT (FORMAT binary)' > /dev/null || die "the source's COPY"
    source_s=$(calc "$(now) - $start")
    start=$(now)
    target_psql -c 'COPY bench.mixed TO STDOUT (FORMAT binary)' > /dev/null || die "the target's COPY"
    target_s=$(calc "$(now) - $start")
    record "bare COPY out of source and target" "round $round" "$source_s s, $target_s s"
    printf '%s\n' "$source_s" "$target_s" | sort -n | tail -n 1 >> "$LM_TMP/bare"
    # What this machine has for both sides together, with nothing compared.
    start=$(now)
    source_psql -c 'COPY bench.mixed TO STDOUT (FORMAT binary)' > /dev/null &
    reader=$!
    target_psql -c 'COPY bench.mixed TO STDOUT (FORMAT binary)' > /dev/null || die "the target's COPY"
    wait $reader || die "the source's COPY"
    both_s=$(calc "$(now) - $start")
    record "both bare COPYs at the same time" "round $round" "$both_s s"
    echo "$both_s" >> "$LM_TMP/both"
    lm_cli validate --two-sided > "$LM_TMP/validate.log" 2>&1 || { tail -n 20 "$LM_TMP/validate.log" >&2; die "the comparison failed"; }
    took=$(phases read,validate)
    echo "$took" >> "$LM_TMP/compared"
    record "validate --two-sided, reading and comparing" "round $round" "$took s"
done
bare_s=$(median < "$LM_TMP/bare")
compared_s=$(median < "$LM_TMP/compared")
both_s=$(median < "$LM_TMP/both")
# 1 % of the rows: 40 of 100 of those updated, 30 inserted, 30 deleted, all over the table.
say "refresh after 1 % of the rows have changed"
lm_sql source "$LM_DB" -v rows="$rows" -f - <<'SQL' || die "changing the source's rows"
UPDATE bench.mixed SET amount = amount + 1, note = 'updated' WHERE id % 250 = 1;
DELETE FROM bench.mixed WHERE id % 1000 IN (2, 502, 902);
INSERT INTO bench.mixed SELECT :rows + i, i % 50021, 1, 1, now(), current_date, md5(i::text)::uuid, true, 'new-' || i, 'inserted' FROM generate_series(1, :rows * 3 / 1000) i;
SQL
changed=$((rows / 250 + rows * 3 / 1000 + rows * 3 / 1000))
start=$(now)
lm_cli migrate --refresh > "$LM_TMP/refresh.log" 2>&1 || { tail -n 20 "$LM_TMP/refresh.log" >&2; die "the refresh failed"; }
refresh_s=$(calc "$(now) - $start")
moved=$(staging "SELECT (e.data->>'updated')::bigint + (e.data->>'inserted')::bigint + (e.data->>'deleted')::bigint FROM lakemover.event e WHERE e.kind = 'table_repaired' AND e.run_id = $newest")
[ -n "$moved" ] || die "the refresh moved nothing"
# Every row of both sides, by the servers themselves.
sums="SELECT count(*), sum(hashtextextended(m::text, 1)) FROM bench.mixed m"
[ "$(source_psql -A -t -c "SET TimeZone = 'UTC'" -c "$sums")" = "$(target_psql -A -t -c "SET TimeZone = 'UTC'" -c "$sums")" ] || die "source and target differ after the refresh"
record "migrate --refresh: rows changed on the source, rows written to the target" "once" "$changed, $moved"
record "migrate --refresh, the whole command" "once" "$refresh_s s"
say "$tables empty tables"
export SOURCE_SCHEMAS=empty
lm_cli --data-checks=off > "$LM_TMP/empty.log" 2>&1 || { tail -n 20 "$LM_TMP/empty.log" >&2; die "the run of the empty tables failed"; }
for phase in schema load finish validate; do
    took=$(phases $phase)
    record "$tables empty tables: $phase" "once" "$took s"
done
all=$(phases schema,load,finish,validate)
overhead=$(calc "1000 * $all / $tables" 1)
validated=$(calc "1000 * $(phases validate) / $tables" 1)
bench_page "$report" <<MD
# Benchmarks: validation

Written by tests/bench/validation.sh (part of \`make bench\`). Both sides of a ratio ran in the same minutes on the same servers.

$(machine_table)

| work | baseline | lakemover | measured | limit | |
|---|---|---|---|---|---|
| \`validate --two-sided\` of $rows rows of 10 columns, all levels | longer of two bare COPY BINARY reads: $bare_s s | $compared_s s | $(calc "$compared_s / $bare_s") | 1.3 | $(verdict "$(calc "$compared_s / $bare_s")" 1.3) |
| the two bare COPY BINARY reads at the same time, nothing compared: what the limit leaves out | the same: $bare_s s | $both_s s | $(calc "$both_s / $bare_s") | | |
| level 3 of the same table, sample of 10 000 rows | | $level3 s | | 1 s | $(verdict "$level3" 1) |
| \`migrate --refresh\` after 1 % of the rows were updated, inserted and deleted: rows written | $changed rows changed | $moved rows written | $(calc "$moved / $changed" 3) | 2 | $(verdict "$(calc "$moved / $changed" 3)" 2) |
| the same, the whole command, both sides proven equal at its end | loading and proving all of it: $loaded_s s | $refresh_s s | $(calc "$refresh_s / $loaded_s") | | |
| $tables empty tables: validation, per table | | | $validated ms | 30 ms | $(verdict "$validated" 30) |
| $tables empty tables: schema, load, finish and validation, per table | | | $overhead ms | 30 ms | $(verdict "$overhead" 30) |

A comparison reads each side with as many workers as there are cores, hashes every row on both sides, counts both tables by scans of their own, and takes samples and
first rows; the bare reads do none of that, and run one after the other, alone on the machine. The second row is what
a machine that all of them share has for the two reads together. A refresh compares so, reads both sides once more to find the rows and
the source a third time to take those that are wanted, proves the target before it commits, and compares both sides again: what it writes is small, what it reads is not.
MD
sed -n '/^| work/,/^$/p' "$report"

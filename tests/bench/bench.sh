#!/bin/bash
# The figures of docs/benchmarks.md, measured on this machine as ratios within one run: loading 3 M
# rows of 10 mixed columns (about 490 MB) against a direct COPY BINARY pipe with the same primary
# key, private memory of loader and staging, and the assessment of 2 000 tables.
# BENCH_ROWS and BENCH_ROUNDS shrink it; pgcopydb and pgloader run beside it when they are on PATH.
set -u -o pipefail
# shellcheck source=tests/lib/cluster.sh
. "$(dirname "$0")/../lib/cluster.sh"
# shellcheck source=tests/lib/bench.sh
. "$LM_ROOT/tests/lib/bench.sh"
bench_init bench

rows=${BENCH_ROWS:-3000000}
rounds=${BENCH_ROUNDS:-3}
memory_target=${MAX_MEMORY_TARGET_MB:-256}
report=${BENCH_REPORT:-$LM_ROOT/docs/benchmarks.md}

say "starting servers, generating $rows rows"
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -v rows="$rows" -f - < "$LM_ROOT/tests/bench/mixed.sql" || die "the source's rows could not be generated"
bytes=$(lm_sql source "$LM_DB" -c "SELECT pg_relation_size('bench.mixed')")
lm_env
export SOURCE_SCHEMAS=bench MAX_MEMORY_TARGET_MB=$memory_target

ddl='CREATE SCHEMA direct; CREATE TABLE direct.mixed (id bigint NOT NULL, customer int NOT NULL, amount numeric(12,2) NOT NULL, ratio double precision,
    placed timestamptz NOT NULL, day date, token uuid NOT NULL, paid boolean, reference varchar(40), note text)'
direct() {
    target_psql -c 'DROP SCHEMA IF EXISTS direct CASCADE' -c "$ddl" 2>/dev/null || die "the baseline's table"
    start=$(now)
    source_psql -c 'COPY bench.mixed TO STDOUT (FORMAT binary)' | target_psql -c 'COPY direct.mixed FROM STDIN (FORMAT binary)' || die "the baseline's COPY"
    target_psql -c 'ALTER TABLE direct.mixed ADD PRIMARY KEY (id)' || die "the baseline's key"
    took=$(calc "$(now) - $start")
    lm_sql target "$LM_TARGET_DB" -c 'DROP SCHEMA direct CASCADE' 2>/dev/null
}
counted() {     # the rows did arrive, with their key
    [ "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM bench.mixed")" = "$rows" ] || die "$1: rows are missing"
    [ "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_index WHERE indrelid = 'bench.mixed'::regclass AND indisprimary")" = 1 ] || die "$1: no primary key"
}

say "planning once, so that staging is there"
lm_cli plan > "$LM_TMP/plan.log" 2>&1 || { cat "$LM_TMP/plan.log" >&2; die "lakemover plan failed"; }
: > "$LM_TMP/direct"
: > "$LM_TMP/load"
: > "$LM_TMP/whole"
: > "$LM_TMP/ratio"
for round in $(seq "$rounds"); do
    direct
    echo "$took" >> "$LM_TMP/direct"
    record "direct COPY and key" "round $round" "$took s"

    lm_sql target "$LM_TARGET_DB" -c 'DROP SCHEMA IF EXISTS bench CASCADE' 2>/dev/null
    memory_watch "$LM_TMP/memory" "$LM_LAKEMOVER|^postgres: "
    start=$(now)
    lm_cli --on-existing=drop > "$LM_TMP/run.log" 2>&1 || { tail -n 20 "$LM_TMP/run.log" >&2; die "the run failed"; }
    took=$(calc "$(now) - $start")
    memory_stop
    counted "round $round"
    echo "$took" >> "$LM_TMP/whole"
    record "lakemover, everything" "round $round" "$took s"
    # From the first chunk to the last key, as the run's own tables tell it.
    load=$(lm_cli psql -X -q -A -t -c "
        SELECT round(extract(epoch FROM max(t.loaded_at) - min(t.started_at))::numeric
                     + coalesce((SELECT sum(s.seconds) FROM lakemover.run_statement s WHERE s.run_id = max(t.run_id) AND s.stage = 'key'), 0)::numeric, 2)
          FROM lakemover.run_table t WHERE t.run_id = (SELECT max(run_id) FROM lakemover.run)" 2>/dev/null | grep -E '^[0-9.]+$' | tail -n 1)
    [ -n "$load" ] || die "the run's times cannot be read"
    echo "$load" >> "$LM_TMP/load"
    calc "$load / $(tail -n 1 "$LM_TMP/direct")" 3 >> "$LM_TMP/ratio"
    echo >> "$LM_TMP/ratio"
    record "lakemover, load and key" "round $round" "$load s"
    record "RssAnon of the loader" "round $round" "$(calc "$(memory_most "$LM_TMP/memory" "$LM_LAKEMOVER") / 1024" 1) MB"
    record "RssAnon of a staging backend" "round $round" "$(calc "$(memory_most "$LM_TMP/memory" 'postgres: .*lakemover') / 1024" 1) MB"
    cp "$LM_TMP/memory" "$LM_TMP/memory.$round"
done

direct_s=$(median < "$LM_TMP/direct")
load_s=$(median < "$LM_TMP/load")
whole_s=$(median < "$LM_TMP/whole")
loader_mb=$(cat "$LM_TMP"/memory.[0-9]* | { grep -E "$LM_LAKEMOVER" || true; } | sort -n | tail -n 1 | cut -d' ' -f1)
loader_mb=$(calc "${loader_mb:-0} / 1024" 1)
backend_mb=$(cat "$LM_TMP"/memory.[0-9]* | { grep -E 'postgres: .*lakemover' || true; } | sort -n | tail -n 1 | cut -d' ' -f1)
backend_mb=$(calc "${backend_mb:-0} / 1024" 1)

others=
for tool in pgcopydb pgloader; do
    command -v $tool > /dev/null || continue
    lm_sql target "$LM_TARGET_DB" -c 'DROP SCHEMA IF EXISTS bench CASCADE' 2>/dev/null
    export PGPASSFILE=$LM_TMP/pgpass
    printf '*:*:*:%s:%s\n*:*:*:%s:%s\n' "$LM_SOURCE_USER" "${LM_SOURCE_PASSWORD//:/\\:}" "$LM_TARGET_USER" "${LM_TARGET_PASSWORD//:/\\:}" > "$PGPASSFILE"
    chmod 600 "$PGPASSFILE"
    start=$(now)
    case $tool in
        pgcopydb)
            pgcopydb clone --no-owner --no-acl --skip-extensions --table-jobs 2 --index-jobs 2 --dir "$LM_TMP/pgcopydb" \
                --source "host=$SOURCE_HOST port=$SOURCE_PORT dbname=$SOURCE_DATABASE user=$SOURCE_USERNAME" \
                --target "host=$LAKEBASE_HOST port=$LAKEBASE_PORT dbname=$LAKEBASE_DATABASE user=$LAKEBASE_USERNAME sslmode=verify-full sslrootcert=$LAKEBASE_SSLROOTCERT" ;;
        pgloader)
            # Its URIs take plain passwords only; OpenSSL tells it the authority.
            lm_sql source postgres -c "CREATE ROLE plain LOGIN PASSWORD 'plain'" -c 'GRANT pg_read_all_data TO plain'
            lm_sql target postgres -c "CREATE ROLE plain LOGIN PASSWORD 'plain'" -c "GRANT CREATE ON DATABASE $LM_TARGET_DB TO plain"
            SSL_CERT_FILE=$LM_TMP/tls/ca.crt pgloader "pgsql://plain:plain@unix:$SOURCE_HOST:$SOURCE_PORT/$SOURCE_DATABASE" \
                "pgsql://plain:plain@$LAKEBASE_HOST:$LAKEBASE_PORT/$LAKEBASE_DATABASE?sslmode=require" ;;
    esac > "$LM_TMP/$tool.log" 2>&1
    status=$?
    took=$(calc "$(now) - $start")
    if [ $status -eq 0 ] && counted "$tool"; then
        record "$tool, load and key" "once" "$took s"
        others+="| $tool $($tool --version 2>&1 | grep -oE '[0-9]+\.[0-9.]+' | head -n 1): rows and key | $took s | $(calc "$took / $direct_s") |"$'\n'
    else
        record "$tool" "once" "failed, exit code $status: $(grep -m 1 -iE 'error|exhausted' "$LM_TMP/$tool.log" | cut -c1-160)"
    fi
done

say "assessing 2 000 tables"
lm_sql source "$LM_DB" <<'SQL' || die "2 000 tables"
SET client_min_messages = warning;
DO $$
BEGIN
    FOR s IN 1..20 LOOP
        EXECUTE format('CREATE SCHEMA many_%s', s);
        FOR t IN 1..100 LOOP
            EXECUTE format('CREATE TABLE many_%1$s.table_%2$s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint, name text NOT NULL DEFAULT ''x'',
                amount numeric(12,2) CHECK (amount > 0), created timestamptz DEFAULT now(), tags text[], UNIQUE (name, id))', s, t);
            EXECUTE format('CREATE INDEX ON many_%1$s.table_%2$s (created)', s, t);
            IF t > 1 THEN
                EXECUTE format('ALTER TABLE many_%1$s.table_%2$s ADD FOREIGN KEY (parent) REFERENCES many_%1$s.table_%3$s', s, t, t - 1);
            END IF;
        END LOOP;
        COMMIT;
    END LOOP;
END $$;
ANALYZE;
SQL
SOURCE_SCHEMAS=$(for s in $(seq 20); do printf 'many_%s,' "$s"; done)
export SOURCE_SCHEMAS=${SOURCE_SCHEMAS%,}
: > "$LM_TMP/assess"
for round in $(seq "$rounds"); do
    start=$(now)
    lm_cli --assess-only > "$LM_TMP/assess.log" 2>&1
    status=$?
    [ $status -eq 0 ] || { tail -n 20 "$LM_TMP/assess.log" >&2; die "the assessment ended with exit code $status"; }
    took=$(calc "$(now) - $start")
    inner=$(lm_cli psql -X -q -A -t -c "SELECT round(seconds::numeric, 2) FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1" | grep -E '^[0-9.]+$' | tail -n 1)
    echo "$inner" >> "$LM_TMP/assess"
    record "assessing 2 000 tables" "round $round" "$inner s; $took s with start and end of staging and the report"
done
assess_s=$(median < "$LM_TMP/assess")

# Paired: a neighbour that slows a round slows both of its halves.
ratio=$(calc "$(median < "$LM_TMP/ratio")")
bench_page "$report" <<MD
# Benchmarks

Written by \`make bench\` (tests/bench/bench.sh). Figures of different machines do not compare; the ratios do, since both sides run in the same minutes
on the same servers.

$(machine_table)

## Loading one table
$rows rows of 10 mixed columns (bigint, int, numeric, double, timestamptz, date, uuid, boolean, varchar, text), $(calc "$bytes / 1000000" 0) MB on the source. The yardstick is
\`psql COPY (FORMAT binary) | psql COPY (FORMAT binary)\` followed by \`ADD PRIMARY KEY\`. Medians of $rounds rounds, each first direct, then
lakemover; the load's ratio is the median of the rounds' ratios.

| what | time | ratio |
|---|---|---|
| direct COPY pipe, then the key | $direct_s s | 1.00 |
| lakemover: rows with a digest of each, then the key | $load_s s | $ratio |
| lakemover: everything (staging's start, assessment, plan, load, key, ANALYZE, all levels of validation, reports) | $whole_s s | $(calc "$whole_s / $direct_s") |
$others
| aim | limit | measured | |
|---|---|---|---|
$(aim "load with key and digests, against direct" 1.3 "$ratio")
$(aim "everything, with the re-read and proof of every row, against direct" 1.8 "$(calc "$whole_s / $direct_s")")
$(aim "private memory of the loader (RssAnon, MAX_MEMORY_TARGET_MB=$memory_target)" $((64 + memory_target)) "$loader_mb" MB)
$(aim "private memory of a staging backend" 64 "$backend_mb" MB)
$(aim "assessing 2 000 tables" 3 "$assess_s" s)
MD
sed -n '/^| aim/,/^$/p' "$report"

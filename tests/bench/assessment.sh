#!/bin/bash
# The figures of docs/benchmarks-assessment.md: an assessment of 10 000 tables with 150 000 columns and 8 000 foreign keys, its
# HTML and PDF, and what an inventory, a plan and its statements cost with 1 000 and with 2 000 tables that have five indexes each.
# BENCH_TABLES, BENCH_LARGE and BENCH_ROUNDS shrink it; Chromium opens the page where it is installed.
set -u -o pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/bench.sh
. "$LM_ROOT/tests/lib/bench.sh"
bench_init bench_assessment
rounds=${BENCH_ROUNDS:-3}
tables=${BENCH_TABLES:-10000}
large=${BENCH_LARGE:-2000}
report=${BENCH_ASSESSMENT_REPORT:-$LM_ROOT/docs/benchmarks-assessment.md}

# many DATABASE TABLES INDEXES VIEWS: in schemas of 100, of 15 columns each. 4 of 5 have a foreign key to
# a table halfway back; 1 of 5 has names of upper and lower case, 1 of 50 no primary key, 1 of 200 a name that blocks.
many() {
    lm_sql source "$1" -v tables="$2" -v indexes="$3" -v views="$4" <<'SQL' || die "$2 tables"
SET client_min_messages = warning; SET synchronous_commit = off;
SELECT set_config('bench.tables', :'tables', false), set_config('bench.indexes', :'indexes', false), set_config('bench.views', :'views', false) \g /dev/null
DO $$
DECLARE
    v_types text[] := '{bigint,integer,text,varchar(40),"numeric(12,2)",timestamptz,date,boolean,uuid,jsonb,"text[]","double precision"}';
    v_camel boolean;
    v_names text[];
    v_table text;
    v_all   text[] := '{}';
BEGIN
    FOR t IN 0 .. current_setting('bench.tables')::int - 1 LOOP
        IF t % 100 = 0 THEN
            COMMIT;
            EXECUTE format('CREATE SCHEMA part_%s', t / 100);
        END IF;
        v_camel := t % 5 = 4;
        v_table := format('part_%s.%I', t / 100, CASE WHEN t % 200 = 199 THEN 'old table ' || t WHEN v_camel THEN 'CustomerTable' || t ELSE 'table_' || t END);
        v_names := ARRAY(SELECT CASE WHEN v_camel THEN 'ColumnNumber' || c ELSE 'column_' || c END FROM generate_series(1, 12) c);
        EXECUTE format('CREATE TABLE %s (id %s, parent bigint, note text NOT NULL DEFAULT ''x'' CHECK (note <> ''''), %s)', v_table,
                       CASE WHEN t % 50 = 49 THEN 'bigint' WHEN t % 2 = 0 THEN 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY' ELSE 'bigint PRIMARY KEY' END,
                       (SELECT string_agg(format('%I %s', v_names[c], v_types[c]), ', ') FROM generate_series(1, 12) c));
        FOR i IN 1 .. current_setting('bench.indexes')::int LOOP
            EXECUTE format('CREATE INDEX ON %s (%I)', v_table, v_names[i]);
        END LOOP;
        IF t % 10 = 0 THEN
            EXECUTE format('COMMENT ON TABLE %s IS %L', v_table, 'table number ' || t);
        END IF;
        v_all := v_all || v_table;
        IF t % 5 <> 0 THEN
            -- halfway back: a tree, over many schemas; not to the tables without a key
            EXECUTE format('ALTER TABLE %s ADD FOREIGN KEY (parent) REFERENCES %s', v_table, v_all[1 + t / 2 - CASE WHEN t / 2 % 50 = 49 THEN 1 ELSE 0 END]);
        END IF;
    END LOOP;
    FOR v IN 0 .. current_setting('bench.views')::int - 1 LOOP
        EXECUTE format('CREATE VIEW part_0.view_%s AS SELECT t.id, t.note FROM %s t', v, v_all[1 + v % cardinality(v_all)]);
        IF v % 500 = 499 THEN COMMIT; END IF;
    END LOOP;
END $$;
ANALYZE;
SQL
}
took() { # took COMMAND...: seconds in $took
    local start
    start=$(now)
    "$@" > "$LM_TMP/took.log" 2>&1 || { tail -n 20 "$LM_TMP/took.log" >&2; die "$*"; }
    took=$(calc "$(now) - $start")
}
changed() { stat -c %.9Y "$1"; }

say "starting servers, making $tables tables"
lm_start_source
many "$LM_DB" "$tables" 1 500
shape=$(lm_sql source "$LM_DB" -c "SELECT format('%s tables, %s columns, %s foreign keys, %s indexes, %s views', (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'part%'),
    (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text LIKE 'part%' AND attnum > 0),
    (SELECT count(*) FROM pg_constraint WHERE contype = 'f'), (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace::regnamespace::text LIKE 'part%'),
    (SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace::regnamespace::text LIKE 'part%'))")
lm_env
assess_only() { # with blockers or without
    lm_cli --assess-only --data-checks=off "$@" > "$LM_TMP/assess.log" 2>&1
    case $? in 0 | 3) ;; *) tail -n 20 "$LM_TMP/assess.log" >&2; die "the assessment failed" ;; esac
    dir=$(find "$LM_TMP/audit" -maxdepth 1 -name '*assessment*' | sort | tail -n 1)
}
for series in assess whole html; do : > "$LM_TMP/$series"; done
for round in $(seq "$rounds"); do
    memory_watch "$LM_TMP/memory" "$LM_LAKEMOVER|^postgres: "
    start=$(now)
    assess_only
    whole=$(calc "$(now) - $start")
    memory_stop
    inner=$(staging "SELECT round(seconds::numeric, 2) FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1")
    # Written one after the other: between them the page is made and the document printed.
    html=$(calc "$(changed "$dir/assessment.html") - $(changed "$dir/assessment.txt")")
    echo "$inner" >> "$LM_TMP/assess"
    echo "$whole" >> "$LM_TMP/whole"
    echo "$html" >> "$LM_TMP/html"
    of_ours "$LM_TMP/memory" 1 >> "$LM_TMP/most"
    echo >> "$LM_TMP/most"
    record "assess()" "round $round" "$inner s"
    record "lakemover --assess-only, start and end of staging and the page included" "round $round" "$whole s"
    record "the page, with assessment.json" "round $round" "$html s"
    record "private memory of the loader" "round $round" "$(calc "$(memory_most "$LM_TMP/memory" "$LM_LAKEMOVER") / 1024" 1) MB"
    record "private memory of a staging backend" "round $round" "$(calc "$(memory_most "$LM_TMP/memory" 'postgres: .*lakemover') / 1024" 1) MB"
done
assess_s=$(median < "$LM_TMP/assess")
html_s=$(median < "$LM_TMP/html")
most_mb=$(sort -n "$LM_TMP/most" | tail -n 1)
html_mb=$(calc "$(stat -c %s "$dir/assessment.html") / 1000000")
record "assessment.html, assessment.json" "once" "$html_mb MB, $(calc "$(stat -c %s "$dir/assessment.json") / 1000000") MB"
memory_watch "$LM_TMP/memory.pdf" weasyprint
assess_only --pdf=yes
memory_stop
[ -s "$dir/assessment.pdf" ] || die "no PDF was made"
pdf_s=$(calc "$(changed "$dir/assessment.pdf") - $(changed "$dir/assessment.html")")
pdf_mb=$(calc "$(memory_most "$LM_TMP/memory.pdf" weasyprint) / 1024" 0)
pages=$(grep -aoE '/Type ?/Page\b' "$dir/assessment.pdf" | wc -l)
record "the PDF: time, pages, private memory of WeasyPrint, size" "once" "$pdf_s s, $pages, $pdf_mb MB, $(calc "$(stat -c %s "$dir/assessment.pdf") / 1000000") MB"
open_aim="| the page opens in Chromium, beyond an empty one | 1 s | not measured: no Chromium | |"
if command -v chromium > /dev/null; then
    echo '<!DOCTYPE html><title>empty</title>' > "$LM_TMP/empty.html"
    opened() { took timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$LM_TMP/chromium" --screenshot="$LM_TMP/shot.png" --window-size=1280,900 "file://$1"; }
    opened "$LM_TMP/empty.html"
    for round in $(seq "$rounds"); do
        opened "$LM_TMP/empty.html"
        empty=$took
        opened "$dir/assessment.html"
        calc "$took - $empty" >> "$LM_TMP/open"
        echo >> "$LM_TMP/open"
        record "headless Chromium: an empty page, this one" "round $round" "$empty s, $took s"
    done
    open_aim=$(aim "the page opens in Chromium, beyond an empty one" 1 "$(median < "$LM_TMP/open")" s)
fi

say "$large tables with five indexes each, and half as many"
lm_start_staging
steps=
declare -A of
for n in $((large / 2)) "$large"; do
    lm_sql source postgres -c "CREATE DATABASE large_$n"
    many "large_$n" "$n" 4 $((n * 65 / 100))
    source_password_file
    lm_sql staging lakemover -c "CREATE SERVER large_$n FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname 'large_$n')" \
        -c "CREATE USER MAPPING FOR postgres SERVER large_$n OPTIONS (\"user\" '$LM_SOURCE_USER', password_file '$LM_TMP/user/source-password')" || die "the source in staging"
    for step in inventory plan _ddl assess; do
        case $step in
            inventory) sql="SELECT lakemover.inventory('large_$n')" ;;
            plan) sql="SELECT count(*) FROM lakemover.plan('large_$n')" ;;
            _ddl) sql="SELECT count(*) FROM lakemover._ddl('large_$n')" ;;
            assess) sql="SELECT count(*) FROM lakemover.assess('large_$n', 'off')" ;;
        esac
        : > "$LM_TMP/step"
        for round in $(seq "$rounds"); do
            took lm_sql staging lakemover -c "$sql"
            echo "$took" >> "$LM_TMP/step"
            record "$n tables: $step" "round $round" "$took s"
        done
        of[$step.$n]=$(median < "$LM_TMP/step")
        [ $step != _ddl ] || statements=$(cat "$LM_TMP/took.log")
    done
done
for step in inventory plan _ddl assess; do
    half=${of[$step.$((large / 2))]} all=${of[$step.$large]}
    steps+="| $step | $half s | $all s | $(calc "$all / $half") | 2.2 | $(verdict "$(calc "$all / $half")" 2.2) |"$'\n'
done

bench_page "$report" <<MD
# Benchmarks: the assessment

Written by tests/bench/assessment.sh (part of \`make bench\`). Medians of $rounds rounds.

$(machine_table)

## 10 000 tables
$shape. Of the tables 1 in 5 has names of upper and lower case, 1 in 50 no primary key, 1 in 200 a name that blocks. \`lakemover --assess-only --data-checks=off\`.

| aim | limit | measured | |
|---|---|---|---|
$(aim "assess(): inventory, all checks, load order" 10 "$assess_s" s)
$(aim "the HTML page, with assessment.json" 2 "$html_s" s)
$(aim "size of the HTML page" 5 "$html_mb" MB)
$open_aim
$(aim "private memory of the loader and of each staging backend" 300 "$most_mb" MB)
$(aim "pages of the PDF" 200 "$pages")
$(aim "time for the PDF" 60 "$pdf_s" s)
$(aim "private memory for the PDF" 1000 "$pdf_mb" MB)

## $large tables, and half of them
$large tables with 15 columns, a primary key and four indexes more each, $((large * 65 / 100)) views: $statements statements make them on the target. Each step alone, by SQL in
staging; \`assess\` has an inventory of its own in it. Twice the tables in 2.2 times the time or less counts as linear.

| step | $((large / 2)) tables | $large tables | ratio | limit | |
|---|---|---|---|---|---|
$steps
MD
sed -n '/^| aim/,/^$/p; /^| step/,/^$/p' "$report"

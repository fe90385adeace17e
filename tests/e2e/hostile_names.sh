#!/bin/bash
# Names as attack: schemas, tables, columns, keys and indexes that are called after quotes, semicolons, newlines, brackets,
# dollar quotes, comments, format and psql directives, HTML, templates, 63 bytes of multibyte characters. From a PostgreSQL
# and a SQL Server source they go through assessing, planning, loading, validating, reports and rollback.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init hostile_names
lm_start_source
lm_start_target
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }

# Every name is that of a table, of its key and index, and of a column of each table; each table references the one before.
lm_sql source "$LM_DB" <<'SQL'
CREATE TABLE public.name AS
SELECT row_number() OVER () AS i, n FROM unnest(ARRAY[
    'quote " and '' inside', '"', '''', 'semi; DROP TABLE app.x; --', E'new\nline\rand\ttab', '[brackets]]', '$$dollar$$ $1 $body$',
    '-- comment /* x */ */', repeat('ü', 31) || 'x', E'back\\slash \\'' \\n', 'percent %s %I %1$s %% %n', '<script>alert(1)</script>&amp;',
    ':var :''x'' :"y" \gexec', '{{mustache}} {{{x}}} {"json": 1}', '`id` $(id) ${HOME} | tee', ' blanks ', 'a"."b', 'right ' || chr(8238) || ' left ' || chr(128169),
    'select', 'NULL', 'lakemover_ledger']) n;
DO $do$
DECLARE s text; k int := 0; r record; before text; columns text;
BEGIN
    SELECT string_agg(format('%I text DEFAULT %L', n, n), ', ') INTO columns FROM public.name;
    FOREACH s IN ARRAY ARRAY[E'sch"em''a; $$ \\ %s [x] <b>&', E'two\nlines'] LOOP
        EXECUTE format('CREATE SCHEMA %I', s);
        EXECUTE format('CREATE TYPE %I.%I AS ENUM (%s)', s, E'ty"pe''; --\n$$', (SELECT string_agg(quote_literal(n), ', ') FROM public.name));
        EXECUTE format('CREATE SEQUENCE %I.%I START WITH 77', s, E'se"quence'';\t$$ %s');
        before := NULL;
        FOR r IN SELECT n FROM public.name WHERE i % 2 = k ORDER BY i LOOP
            EXECUTE format('CREATE TABLE %I.%I (id int GENERATED ALWAYS AS IDENTITY, %s, e %I.%I DEFAULT %L, CONSTRAINT %I PRIMARY KEY (id), CONSTRAINT %I CHECK (%I <> %L))',
                           s, r.n, columns, s, E'ty"pe''; --\n$$', r.n, left(r.n, 20) || ' p', left(r.n, 20) || ' c', r.n, 'no ' || r.n);
            EXECUTE format('CREATE INDEX %I ON %I.%I (lower(%I), %I) WHERE %I <> %L', left(r.n, 20) || ' i', s, r.n, r.n, r.n, r.n, r.n || 'x');
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', s, r.n, r.n, r.n);
            EXECUTE format('INSERT INTO %I.%I (%I) SELECT %L || i FROM generate_series(1, 30) i', s, r.n, r.n, r.n);
            IF before IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (id) REFERENCES %I.%I (id)', s, r.n, left(r.n, 20) || ' f', s, before);
            END IF;
            before := r.n;
        END LOOP;
        k := k + 1;
    END LOOP;
END $do$;
DROP TABLE public.name;
ANALYZE;
SQL
lm_env
objects() { target "SELECT (pg_identify_object(classid, objid, 0)).* FROM (SELECT 'pg_class'::regclass AS classid, oid AS objid FROM pg_class WHERE oid >= 16384 UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE oid >= 16384) x"; }
keep_names() { lm_cli psql -q -c 'UPDATE lakemover.plan_table SET keep_quoted = true' -c 'UPDATE lakemover.plan_column SET keep_quoted = true'; }
# No page has a name that is not escaped, and every line of a log is one document.
pages() { # DIRECTORY...
    local raw
    raw=$(find "$@" -name '*.html' -exec grep -lE '<script>alert|<b>&[^a-z#]|\{\{mustache\}\}\}\}' {} +)
    equal "pages with names that are not escaped" "" "$raw"
    if find "$@" -name '*.html' -exec grep -q '&lt;script&gt;alert' {} +; then pass "pages show the names escaped"; else fail "no page shows the names"; fi
    find "$@" -name '*.jsonl' -print -exec cat {} + | perl -MJSON::PP -ne 'next if m{^/}; $n++; eval { decode_json($_); 1 } or $bad++; END { print $n > 10 ? "many" : $n, " lines, ", $bad // 0, " bad\n" }' > "$LM_TMP/lines"
    equal "lines of the logs" "many lines, 0 bad" "$(cat "$LM_TMP/lines")"
}

objects > "$LM_TMP/objects.before"
expect 3 "assessing names that need a decision" lm_cli --assess-only
expect 0 "planning" lm_cli plan
expect 0 "keeping the names" keep_names
expect 0 "the run" lm_cli --max-batch-rows 7
says 'SUCCESS' '21 of 21 tables'
compare_databases
expect 0 "validating again" lm_cli validate
expect 0 "the report again" lm_cli report
expect 0 "status" lm_cli status
expect 0 "status as JSON" lm_cli status --json
pages "$LM_TMP/audit"
expect 0 "rolling back" lm_cli rollback --yes
says ' 0 kept'
objects > "$LM_TMP/objects.after"
equal "objects that stay on the target" "$(cat "$LM_TMP/objects.before")" "$(cat "$LM_TMP/objects.after")"
check_nothing_left

# The same for T-SQL's way of quoting.
ms_start
ms_not_babelfish "it shortens names, and they come back in lower case"
export SOURCE_SCHEMAS LAKEMOVER_HOME=$LM_TMP/home/ms LAKEMOVER_AUDIT_DIR=$LM_TMP/audit.ms
SOURCE_SCHEMAS='s]"'"';--[x"
names=('quote " and '\'' in' 'semi; DROP TABLE x; --' $'new\nline' '[br]ack]]ets]' '$$dollar$$ $1' '/* comment */ --' 'back\slash \n' 'percent %s %I' '<script>alert(1)</script>' 'üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü' '{{mustache}}')
bracket() { printf '[%s]' "${1//]/]]}"; }
schema=$(bracket "$SOURCE_SCHEMAS")
columns=
for name in "${names[@]}"; do columns+=", $(bracket "$name") nvarchar(60)"; done
{
    printf 'CREATE SCHEMA %s\nGO\n' "$schema"
    before=
    for name in "${names[@]}"; do
        printf 'CREATE TABLE %s.%s (id int NOT NULL%s, CONSTRAINT %s PRIMARY KEY (id)%s)\nGO\n' "$schema" "$(bracket "$name")" "$columns" "$(bracket "p $name")" \
            "${before:+, CONSTRAINT $(bracket "f $name") FOREIGN KEY (id) REFERENCES $schema.$(bracket "$before") (id)}"
        for i in 1 2 3; do printf "INSERT INTO %s.%s (id, %s) VALUES (%s, N'%s')\nGO\n" "$schema" "$(bracket "$name")" "$(bracket "$name")" $i "${name//\'/\'\'}"; done
        before=$name
    done
} > "$LM_TMP/names.sql"
ms_load "$LM_TMP/names.sql"
expect 3 "assessing names of SQL Server" lm_cli --assess-only
expect 0 "planning" lm_cli plan
expect 0 "keeping the names" keep_names
expect 0 "the run" lm_cli --max-batch-rows 2
says 'SUCCESS' '11 of 11 tables'
lm_sql target "$LM_TARGET_DB" -v schema="$SOURCE_SCHEMAS" <<'SQL' > "$LM_TMP/found"
SELECT format('SELECT %L, count(*), min(%I), count(%I) FROM %I.%I', c.relname, c.relname, c.relname, n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'schema' AND relkind = 'r' ORDER BY relname COLLATE "C" \gexec
SQL
for name in "${names[@]}"; do printf '%s|3|%s|3\0' "$name" "$name"; done | LC_ALL=C sort -z | tr '\0' '\n' > "$LM_TMP/wanted"
same "rows of SQL Server" "$LM_TMP/wanted" "$LM_TMP/found"
expect 0 "validating again" lm_cli validate
pages "$LM_TMP/audit.ms"
expect 0 "rolling back" lm_cli rollback --yes
objects > "$LM_TMP/objects.after"
equal "objects that stay on the target" "$(cat "$LM_TMP/objects.before")" "$(cat "$LM_TMP/objects.after")"
ms_refused_nothing
finish

# shellcheck shell=bash
# e2e.sh: what end-to-end tests share. Sources cluster.sh; a test is a script that exits 0 when
# everything it checked held. Checks go on after a failure, so that one run shows them all.
# shellcheck source=tests/lib/cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

E2E_CHECKS=0
E2E_FAILED=0

pass() {
    E2E_CHECKS=$((E2E_CHECKS + 1))
    printf 'ok: %s\n' "$*"
}
fail() {
    E2E_CHECKS=$((E2E_CHECKS + 1))
    E2E_FAILED=$((E2E_FAILED + 1))
    printf 'FAILED: %s\n' "$*"
}
# The last line of every test.
finish() {
    printf '%s checks, %s failed\n' $E2E_CHECKS $E2E_FAILED
    [ $E2E_FAILED -eq 0 ] && [ $E2E_CHECKS -gt 0 ]
    exit
}

# expect STATUS WHAT COMMAND...: runs it with output in $OUT (both streams), compares the exit code.
OUT=
expect() {
    local wanted=$1 what=$2 status
    shift 2
    OUT=$LM_TMP/out.$((E2E_CHECKS + 1))
    "$@" > "$OUT" 2>&1 < /dev/null
    status=$?
    if [ "$status" -eq "$wanted" ]; then
        pass "$what: exit code $status"
    else
        fail "$what: exit code $status instead of $wanted; it said:"
        tail -n 30 "$OUT" | sed 's/^/    /'
        return 1
    fi
}
# output FILE: what the checks below look at, for commands that did not run through expect.
output() {
    OUT=$1
}
# says PATTERN...: each extended regular expression occurs in the output of the last expect.
says() {
    local pattern
    for pattern in "$@"; do
        if grep -qE -- "$pattern" "$OUT"; then
            pass "says: $pattern"
        else
            fail "does not say \"$pattern\" but:"
            tail -n 15 "$OUT" | sed 's/^/    /'
        fi
    done
}
# says_not PATTERN
says_not() {
    if grep -qE -- "$1" "$OUT"; then
        fail "says \"$1\":"
        grep -E -- "$1" "$OUT" | head -n 5 | sed 's/^/    /'
    else
        pass "does not say: $1"
    fi
}
# An error is one message for people: no stack of them, no C++ type names, no empty text.
says_one_error() {
    local n
    n=$(grep -cE '^(lakemover: |ERROR)' "$OUT")
    if [ "$n" -eq 1 ]; then pass "one error message"; else
        fail "$n error messages:"
        tail -n 15 "$OUT" | sed 's/^/    /'
    fi
}
# equal WHAT EXPECTED FOUND: for values; same WHAT FILE FILE: for listings, shows the difference.
equal() {
    if [ "$2" = "$3" ]; then pass "$1: $3"; else fail "$1: \"$3\" instead of \"$2\""; fi
}
same() {
    if [ ! -s "$2" ]; then
        fail "$1: nothing to compare"
    elif diff -u "$2" "$3" > "$LM_TMP/diff"; then
        pass "$1: $(wc -l < "$2") lines agree"
    else
        fail "$1 differ (- source, + target):"
        tail -n +3 "$LM_TMP/diff" | grep -E '^[-+]' | head -n 40 | sed 's/^/    /'
    fi
}
# eventually SECONDS COMMAND...: true as soon as the command succeeds.
eventually() {
    local end=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

# What the tests know about two databases comes from here: plain psql on each side, none of our code.
# Settings that decide how values look are pinned, so that both sides print alike.
DESCRIBE_SETTINGS="SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET search_path = pg_catalog;"
USER_SCHEMAS="n.nspname !~ '^(pg_|information_schema|lakemover)' AND n.nspname <> 'public'"

# Every table's rows: schema.table, count, md5 over the md5s of all rows in an order of their own.
describe_rows() {
    lm_sql "$1" "$2" <<SQL | sort
$DESCRIBE_SETTINGS
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(h, '''' ORDER BY h), '''')) FROM (SELECT md5(t::text) COLLATE "C" AS h FROM ONLY %I.%I t) x',
              n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND $USER_SCHEMAS \gexec
SQL
}
describe_columns() {
    lm_sql "$1" "$2" <<SQL | LC_ALL=C sort
$DESCRIBE_SETTINGS
SELECT n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       -- from 17 on a partition shows its parent's identity
       CASE WHEN NOT c.relispartition THEN a.attidentity END, a.attgenerated,
       pg_get_expr(d.adbin, d.adrelid), CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END, col_description(c.oid, a.attnum)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relkind IN ('r', 'p') AND $USER_SCHEMAS;
SELECT n.nspname, c.relname, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), obj_description(c.oid, 'pg_class')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND $USER_SCHEMAS;
SQL
}
describe_constraints() {
    lm_sql "$1" "$2" <<SQL | LC_ALL=C sort
$DESCRIBE_SETTINGS
SELECT n.nspname, r.relname, o.conname, o.contype, pg_get_constraintdef(o.oid)
  FROM pg_constraint o JOIN pg_class r ON r.oid = o.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
 WHERE $USER_SCHEMAS;
SQL
}
describe_indexes() {
    lm_sql "$1" "$2" <<SQL | LC_ALL=C sort
$DESCRIBE_SETTINGS
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, obj_description(i.indexrelid, 'pg_class')
  FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace WHERE r.relkind IN ('r', 'p') AND $USER_SCHEMAS;
SQL
}
# Attributes, owning column, and where each sequence goes on.
describe_sequences() {
    lm_sql "$1" "$2" <<SQL | LC_ALL=C sort
$DESCRIBE_SETTINGS
SELECT format('SELECT %L, %L, last_value, is_called FROM %s', c.oid::regclass,
              concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                        d.deptype, d.refobjid::regclass, a.attname), c.oid::regclass)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
  LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE c.relkind = 'S' AND $USER_SCHEMAS \gexec
SQL
}
describe_types() {
    lm_sql "$1" "$2" <<SQL | LC_ALL=C sort
$DESCRIBE_SETTINGS
SELECT n.nspname, t.typname, t.typtype, format_type(t.typbasetype, t.typtypmod), t.typdefault, t.typnotnull, obj_description(t.oid, 'pg_type'),
       (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
       (SELECT string_agg(conname || ' ' || pg_get_constraintdef(o.oid), ', ' ORDER BY conname) FROM pg_constraint o WHERE o.contypid = t.oid),
       (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND t.typtype = 'c'),
       (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE $USER_SCHEMAS AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c');
SQL
}
# compare_databases [SED]: everything above on both sides; SED turns source names into planned ones.
compare_databases() {
    local what
    for what in rows columns constraints indexes sequences types; do
        describe_$what source "$LM_DB" | sed -E "${1:-}" | LC_ALL=C sort > "$LM_TMP/source.$what"
        describe_$what target "$LM_TARGET_DB" | LC_ALL=C sort > "$LM_TMP/target.$what"
        same "$what" "$LM_TMP/source.$what" "$LM_TMP/target.$what"
    done
}

# The demo database's blockers, resolved as in the demo.
# shellcheck disable=SC2034  # used by tests
DEMO_RENAMES='s/\|Order Notes\|/|order_notes|/; s/sales\.Order Notes\|/sales.order_notes|/; s/sales\."Order Notes"/sales.order_notes/g
    s/"written-by"/written_by/g; s/\|written-by\|/|written_by|/; s/\|group\|/|user_group|/'
resolve_demo_blockers() {
    local staging_psql=("$@")
    "${staging_psql[@]}" -c "UPDATE lakemover.plan_table SET target_table = 'order_notes' WHERE source_table = 'Order Notes'" &&
        "${staging_psql[@]}" -c "UPDATE lakemover.plan_column SET target_column = 'written_by' WHERE source_column = 'written-by'" &&
        "${staging_psql[@]}" -c "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table = 'user'" &&
        "${staging_psql[@]}" -c "UPDATE lakemover.plan_column SET target_column = 'user_group' WHERE source_column = 'group'"
}

# For runs that are disturbed in the middle: 400 000 rows in app.big, and a table that references it.
make_big_tables() {
    lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.big (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.big SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 400000) i;
CREATE TABLE app.small (id int PRIMARY KEY REFERENCES app.big, v text);
INSERT INTO app.small SELECT i, 'x' FROM generate_series(1, 1000) i;
ANALYZE;
SQL
}
# committed N: so many batches are in the ledger at least.
committed() {
    [ -n "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regclass('lakemover_ledger.chunk')")" ] &&
        [ "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM lakemover_ledger.chunk')" -ge "$1" ]
}

# own_source NAME: staging of the user's own (lm_start_staging) is what lakemover uses from here on; the source is a foreign
# server NAME there, with its inventory and plan.
own_source() {
    unset "${!SOURCE_@}"
    export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} user=postgres dbname=lakemover"
    source_password_file
    lm_sql staging lakemover \
        -c "CREATE SERVER $1 FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB')" \
        -c "CREATE USER MAPPING FOR postgres SERVER $1 OPTIONS (\"user\" '$LM_SOURCE_USER', password_file '$LM_TMP/user/source-password')" \
        -c "SELECT lakemover.inventory('$1')" -c "SELECT lakemover.plan('$1')" > "$LM_TMP/own_source.out" || lm_die "the source in staging"
}
# $LM_TMP/user/source-password, which staging's server may read.
source_password_file() {
    printf '%s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/user/source-password"
    chmod 600 "$LM_TMP/user/source-password"
    if [ "$(id -u)" -eq 0 ]; then chown "$LM_USER:" "$LM_TMP/user/source-password"; fi
}

# none_left WHAT COMMAND...: the number that the command prints is 0, or comes to it: a server needs a moment to see that a client is gone.
none_left() {
    local what=$1 end=$((SECONDS + 20)) left
    shift
    while left=$("$@") && [ "$left" != 0 ] && [ $SECONDS -lt $end ]; do sleep 0.2; done
    equal "$what" 0 "$left"
}
# Of the users that runs connect as.
no_sessions_left() {
    if [ -n "${LM_PID[source]:-}" ]; then
        none_left "sessions left on the source" lm_sql source postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER'"
    fi
    if [ -n "${LM_PID[target]:-}" ]; then
        none_left "sessions left on the target" lm_sql target postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'"
    fi
}

# Nothing of ours may stay behind: sessions on the servers, processes, embedded staging.
check_nothing_left() {
    local left
    no_sessions_left
    left=$(pgrep -f "$LM_TMP/home" | wc -l)
    equal "processes of embedded staging left" 0 "$left"
    left=$(find "$LM_TMP/home" -name postmaster.pid 2>/dev/null | wc -l)
    equal "servers left" 0 "$left"
}

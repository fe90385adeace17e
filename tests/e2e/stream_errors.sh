#!/bin/bash
# A thousand failing calls in one backend leak neither memory, nor descriptors, nor sessions on the source; a
# stream that is not read to its end leaves nothing behind; wrong uses are refused with their SQLSTATE.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/stream.sh
. "$LM_ROOT/tests/lib/stream.sh"
lm_init stream_errors
stream_setup
lm_sql source "$LM_DB" <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO t SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 20000) i;
CREATE TABLE gone (id int PRIMARY KEY);
CREATE TABLE closed (id int PRIMARY KEY);
CREATE TABLE empty_one (id int PRIMARY KEY);
SQL
spec=$(stream_spec t)
gone=$(stream_spec gone)
closed=$(stream_spec closed)
lm_sql source "$LM_DB" -c "DROP TABLE gone" -c "REVOKE pg_read_all_data FROM $LM_SOURCE_USER" -c "GRANT SELECT ON t, empty_one TO $LM_SOURCE_USER"
read -r run chunk < <(stream_run "$spec")
read -r grun gchunk < <(stream_run "$gone")
read -r crun cchunk < <(stream_run "$closed")
read -r erun echunk < <(stream_run "$(stream_spec empty_one)")
# Fails in the middle of its data.
read -r drun dchunk < <(stream_run "$(stream_spec t '{"row_filter": "1 / (id - 15000) <> 2"}')")
for r in $run $grun $crun $erun $drun; do lm_sql staging lakemover -c "SELECT lakemover.keeper_start($r)" > /dev/null || lm_die "no keeper"; done
KEEPERS=$(lm_sql staging lakemover -c "SELECT string_agg(source_pid::text, ',') FROM lakemover.snapshot")

# refused SQLSTATE PATTERN SQL
refused() {
    OUT=$LM_TMP/refused
    if lm_sql staging lakemover -v VERBOSITY=verbose -c "$3" > "$OUT" 2>&1; then fail "accepted: $3"; fi
    says "ERROR:  $1: $2"
}
refused 42704 'run 999 does not exist' "SELECT lakemover.stream(999, 1)"
refused 42704 "run $run has no chunk 999" "SELECT lakemover.stream($run, 999)"
refused 42704 "run $run has no chunk $gchunk" "SELECT lakemover.stream($run, $gchunk)"
refused 0A000 '.*cannot stand in FROM' "SELECT count(*) FROM lakemover.stream($run, $chunk)"
refused 42P01 'source: relation "public.gone" does not exist' "SELECT lakemover.stream($grun, $gchunk)"
refused 42501 'source: permission denied for table closed' "SELECT lakemover.stream($crun, $cchunk)"
says 'HINT:  GRANT'
refused 22012 'source: division by zero' "SELECT lakemover.stream($drun, $dchunk)"
refused 42804 '.*column definition list' "SELECT * FROM lakemover._catalog('src', 'schema') AS x (a text)"
refused 22023 'unknown catalog topic' "SELECT * FROM lakemover._catalog('src', 'nonsense') AS x (a text)"
refused 42704 'source "nosuch" does not exist' "SELECT * FROM lakemover.source_identity('nosuch')"
refused 22023 'unknown kind of statement' "SELECT lakemover._target_sql($run, 1, 'nonsense')"

expect 0 "an empty table" lm_sql staging lakemover -c "SELECT encode(b, 'escape') FROM (SELECT lakemover.stream($erun, $echunk) AS b) s"
says '^E\{"rows":0,"bytes":0,'
expect 0 "an empty table has no row size and no bounds" lm_sql staging lakemover -c "SELECT lakemover.source_count($erun, 1), lakemover.source_row_bytes($erun, 1) IS NULL,
    (SELECT count(*) FROM lakemover.source_bounds($erun, 1, 4)), (SELECT count(*) FROM lakemover.source_sample($erun, 1, 10))"
says '^0\|t\|0\|0$'

lm_sql staging lakemover > "$LM_TMP/leaks" 2>&1 <<SQL
\set VERBOSITY terse
CREATE PROCEDURE fail_often(n int) LANGUAGE plpgsql AS \$\$
DECLARE
    v_sql text[] := ARRAY['SELECT lakemover.stream($run, 999)', 'SELECT lakemover.stream($grun, $gchunk)', 'SELECT lakemover.stream($drun, $dchunk)',
        'SELECT lakemover.source_count($crun, 1)', 'SELECT lakemover.stream($run, $chunk) LIMIT 1', 'SELECT lakemover.source_rows($grun, 1, 3)'];
    v_failed int := 0;
BEGIN
    FOR i IN 1 .. n LOOP
        BEGIN
            EXECUTE v_sql[1 + i % 6];
            IF i % 6 <> 4 THEN RAISE 'no error: %', v_sql[1 + i % 6]; END IF;
        EXCEPTION WHEN undefined_object OR undefined_table OR division_by_zero OR insufficient_privilege THEN
            v_failed := v_failed + 1;
        END;
    END LOOP;
    RAISE NOTICE 'failed %', v_failed;
END \$\$;
CREATE VIEW self AS SELECT (SELECT count(*) FROM pg_ls_dir('/proc/self/fd')) AS fds,
    substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')::int AS kb;
CALL fail_often(120);
SELECT fds AS fds0, kb AS kb0 FROM self \gset
CALL fail_often(1000);
SELECT fds - :fds0 AS fds, kb - :kb0 AS kb FROM self \gset
\echo descriptors :fds
\echo memory :kb
SQL
output "$LM_TMP/leaks"
says 'failed 833|failed 834'
# The server closes files of its own as it likes: fewer is no leak, and it opens a handful of relations.
more=$(sed -n 's/^descriptors //p' "$OUT")
if [ "${more:-999}" -le 10 ]; then pass "descriptors after 1000 failing calls: $more more"; else fail "${more:-?} more descriptors after 1000 failing calls"; fi
grown=$(sed -n 's/^memory //p' "$OUT")
if [ "${grown:-9999}" -le 1024 ]; then pass "memory grew by $grown kB"; else fail "memory grew by ${grown:-?} kB"; fi

# A cursor that is closed early, and one that is read beside another of the same run.
cat > "$LM_TMP/two.sql" <<SQL
BEGIN;
DECLARE a CURSOR FOR SELECT length(lakemover.stream($run, $chunk));
FETCH 1 FROM a;
SELECT 'second', sum(length(b)) > 6000000 FROM (SELECT lakemover.stream($run, $chunk) AS b) s;
FETCH 1 FROM a;
CLOSE a;
SELECT 'third', count(*) > 6 FROM (SELECT lakemover.stream($run, $chunk) AS b) s;
COMMIT;
SELECT 'released', lakemover._stream_release();
SELECT 'again', lakemover._stream_release();
SQL
expect 0 "two streams of a run in one transaction" lm_sql staging lakemover -f "$LM_TMP/two.sql"
says '^second\|t$' '^third\|t$' '^released\|t$' '^again\|f$'
if left=$(becomes 5 0 source_sessions); then pass "no session stays on the source"; else fail "$left sessions stay on the source"; fi
finish

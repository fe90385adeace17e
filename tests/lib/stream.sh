# shellcheck shell=bash
# stream.sh: runs made by hand, for tests of stream() and the keeper without planner and loader.
# Source after e2e.sh. The source database is $LM_DB, the staging one lakemover, the server src.

stream_setup() {
    lm_start_source
    lm_start_staging
    lm_sql staging lakemover <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host $(lm_literal "$LM_TMP/source"),
    port '${LM_PORT[source]}', dbname '$LM_DB', connect_timeout '20');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS (user '$LM_SOURCE_USER', password $(lm_literal "$LM_SOURCE_PASSWORD"));
SQL
}

# stream_spec TABLE [JSON]: the plan of a table of schema public, every column as it is; JSON is merged into it.
stream_spec() {
    lm_sql source "$LM_DB" -v "table=$1" -v "more=${2:-{\}}" <<'SQL'
SELECT 'public.' || :'table' AS "table", set_config('search_path', '', false) AS path \gset
SELECT jsonb_build_object('table_id', :'table'::regclass::oid::bigint, 'source_schema', 'public', 'source_table', substr(:'table', 8),
       'format', 'binary', 'chunking', 'keyset',
       'key', (SELECT coalesce(jsonb_agg(a.attname ORDER BY k.n), '[]') FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(attnum, n),
               pg_attribute a WHERE i.indrelid = :'table'::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.attnum),
       'columns', (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'source_type', format_type(a.atttypid, a.atttypmod),
               'codec', t.typname) ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
               WHERE a.attrelid = :'table'::regclass AND a.attnum > 0 AND NOT a.attisdropped)) || :'more'::jsonb;
SQL
}

# stream_run SPEC: a run of one table (id 1) and one chunk that is the whole of it; prints "run chunk".
stream_run() {
    lm_sql staging lakemover -F ' ' -v "spec=$1" <<'SQL'
WITH r AS (INSERT INTO lakemover.run (source, state, hash_key) VALUES ('src', 'running', '\x00') RETURNING run_id),
     t AS (INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank) SELECT run_id, 1, :'spec', 0 FROM r RETURNING run_id),
     c AS (INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method) SELECT run_id, 1, 0, 'single' FROM t RETURNING run_id, chunk_id)
SELECT run_id, chunk_id FROM c;
SQL
}

# Sessions that lakemover has on the source, without keepers'.
source_sessions() {
    lm_sql source "$LM_DB" -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER'
        AND pid NOT IN (${KEEPERS:-0})"
}

# becomes SECONDS WHAT COMMAND...: the command's output becomes WHAT.
becomes() {
    local n=$(($1 * 10)) wanted=$2 got
    shift 2
    while :; do
        got=$("$@")
        [ "$got" != "$wanted" ] || return 0
        n=$((n - 1))
        if [ $n -le 0 ]; then
            echo "$got"
            return 1
        fi
        sleep 0.1
    done
}

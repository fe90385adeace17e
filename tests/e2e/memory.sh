#!/bin/bash
# Constant memory: the loader stays below 64 MB + MAX_MEMORY_TARGET_MB, a staging backend below
# 64 MB + 3 times the largest row, and neither grows with the table.
# alone
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/memory.sh
. "$LM_ROOT/tests/lib/memory.sh"
lm_init memory
lm_on_exit() { memory_stop; }
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.small (id bigint PRIMARY KEY, a int, v text NOT NULL);
INSERT INTO app.small SELECT i, i % 7, repeat(md5(i::text), 10) FROM generate_series(1, 60000) i;
SQL
lm_env
export MAX_MEMORY_TARGET_MB=32
measure() {         # measure NAME COMMAND...
    local name=$1
    shift
    memory_watch "$LM_TMP/memory.$name" "$LM_LAKEMOVER|^postgres: "
    expect 0 "$name" "$@"
    sleep 0.2
    memory_stop
    loader[$name]=$(memory_most "$LM_TMP/memory.$name" "$LM_LAKEMOVER")
    staging[$name]=$(memory_most "$LM_TMP/memory.$name" 'postgres: lakemover|postgres: .*lakemover.*\[local\]')
    printf '%s: loader %s kB, staging backend %s kB\n' "$name" "${loader[$name]:-?}" "${staging[$name]:-?}"
}
declare -A loader staging
measure small lm_cli
lm_sql source "$LM_DB" <<'SQL'
DROP TABLE app.small;
CREATE TABLE app.large (id bigint PRIMARY KEY, a int, v text NOT NULL);
INSERT INTO app.large SELECT i, i % 7, repeat(md5(i::text), 10) FROM generate_series(1, 1200000) i;
ANALYZE;
SQL
measure large lm_cli
lm_sql source "$LM_DB" <<'SQL'
DROP TABLE app.large;
CREATE TABLE app.wide (id int PRIMARY KEY, v bytea NOT NULL);
ALTER TABLE app.wide ALTER v SET STORAGE EXTERNAL;
INSERT INTO app.wide SELECT i, decode(repeat(md5(i::text), 1250000), 'hex') FROM generate_series(1, 12) i;     -- 20 MB each
ANALYZE;
SQL
measure wide lm_cli

below() {           # below WHAT VALUE LIMIT
    if [ -n "$2" ] && [ "$2" -gt 0 ] && [ "$2" -le "$3" ]; then pass "$1: $2 kB of at most $3 kB"; else fail "$1: ${2:-no value} kB, at most $3 kB"; fi
}
below "loader, small table" "${loader[small]}" $(((64 + 32) * 1024))
below "loader, large table" "${loader[large]}" $(((64 + 32) * 1024))
below "staging backend, small table" "${staging[small]}" $((64 * 1024))
below "staging backend, large table" "${staging[large]}" $((64 * 1024))
# 400 MB instead of 20 MB: once buffers are full, they are full.
below "loader, growth with the table" "$((loader[large] - loader[small] > 0 ? loader[large] - loader[small] : 1))" $((32 * 1024 + 16 * 1024))
below "staging backend, growth with the table" "$((staging[large] - staging[small] > 0 ? staging[large] - staging[small] : 1))" $((16 * 1024))
# libpq holds a whole row, in its buffer and as a copy; its canonical form is the third.
below "loader, rows of 20 MB" "${loader[wide]}" $(((64 + 3 * 20) * 1024))
below "staging backend, rows of 20 MB" "${staging[wide]}" $(((64 + 3 * 20) * 1024))
finish

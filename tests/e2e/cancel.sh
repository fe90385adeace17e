#!/bin/bash
# Cancelling the CLI: by signal and by `lakemover cancel`. It ends within seconds with exit code 7,
# leaves no session and no server, and says what became of the run.
# alone
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init cancel
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.big (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.big SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 900000) i;  -- about 600 MB
ANALYZE;
SQL
lm_env
rows_moving() { [ "$(lm_sql source postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER' AND query ~ '^COPY' AND state = 'active'")" -gt 0 ]; }

cancelled() {       # cancelled WHAT PID START
    local status
    if lm_wait_gone "$2" 20; then
        wait "$2"
        status=$?
        equal "$1: exit code" 7 $status
        if [ $((SECONDS - $3)) -le 5 ]; then pass "$1: ended after $((SECONDS - $3)) s"; else fail "$1: took $((SECONDS - $3)) s"; fi
    else
        fail "$1: does not end"
        kill -KILL "$2"
    fi
    output $LM_TMP/out.run
    says '[Cc]ancel'
    check_nothing_left
    expect 0 "status after $1" lm_cli status
    says '[Cc]ancel|CANCEL'
    # A cancelled load is not taken for a loaded table: no primary key, or no table at all.
    equal "$1: keys on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass('app.big')")"
}

for signal in INT TERM; do
    # A job of its own: bash would ignore SIGINT for a background command otherwise.
    set -m
    "$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
    eventually 60 rows_moving || fail "the run does not begin: $(tail -n 5 "$LM_TMP/out.run")"
    start=$SECONDS
    kill -$signal $run
    cancelled "SIG$signal" $run $start
done

set -m
"$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
set +m
eventually 60 rows_moving || fail "the run does not begin: $(tail -n 5 "$LM_TMP/out.run")"
start=$SECONDS
expect 0 "lakemover cancel, from another shell" lm_cli cancel
cancelled "lakemover cancel" $run $start

expect 0 "the run after all that" lm_cli --on-existing=drop
equal "rows" "900000|$(lm_sql source "$LM_DB" -c "SELECT md5(string_agg(v, '' ORDER BY id)) FROM app.big")" \
    "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*), md5(string_agg(v, '' ORDER BY id)) FROM app.big")"
finish

#!/bin/bash
# LAKEMOVER_HOME: a directory that was there keeps its owner and mode, a link below it is not followed, an initdb
# that was killed does no lasting harm, and neither does a staging server that does not stop; an ordinary user's embedded staging is his own.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
lm_init robust_home
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c 'CREATE SCHEMA app; CREATE TABLE app.t AS SELECT i AS id FROM generate_series(1, 10) i'
lm_env
chmod 711 "$LM_TMP"
chmod 755 "$LM_TMP/home"
owner=$(stat -c '%u %a' "$LM_TMP/home")
# What an initdb that was killed leaves.
lm_as mkdir -p "$LM_TMP/home/staging/data.new"
lm_as touch "$LM_TMP/home/staging/data.new/PG_VERSION"
expect 0 "the run" lm_as "$LM_LAKEMOVER"
says 'SUCCESS'
equal "owner and mode of LAKEMOVER_HOME" "$owner" "$(stat -c '%u %a' "$LM_TMP/home")"
equal "unfinished clusters" 0 "$(find "$LM_TMP/home/staging" -maxdepth 1 -name 'data.new' | wc -l)"
equal "files for others" 0 "$(find "$LM_TMP/home/staging" -mindepth 1 -perm /077 ! -type l ! -type s | wc -l)"
check_nothing_left

# A server that was told to stop and does not: its checkpointer says nothing any more.
"$LM_LAKEMOVER" psql -c 'SELECT pg_sleep(60)' > /dev/null 2>&1 < /dev/null &
cli=$!
pidfile=$LM_TMP/home/staging/data/postmaster.pid
sleeping() { [ -s "$pidfile" ] && ps -o args= --ppid "$(head -n 1 "$pidfile")" | grep -q 'SELECT$'; }
if eventually 20 sleeping; then pass "a session of staging works"; else fail "staging does not start"; fi
server=$(head -n 1 "$pidfile")
kill -STOP "$(ps -o pid=,args= --ppid "$server" | awk '/checkpointer/ { print $1 }')"
kill -KILL $cli
wait $cli 2> /dev/null
lm_as "$LM_BIN/pg_ctl" stop -s -W -m fast -D "$LM_TMP/home/staging/data"
eventually 5 grep -q '^stopping' "$pidfile" || fail "it is not stopping"
expect 0 "staging after that" lm_cli psql -A -t -c 'SELECT count(*) FROM lakemover.run'
says '^1$'
# (One that nobody has waited for yet is gone, too.)
if ps -o stat= -p "$server" | grep -q '^[^Z]'; then fail "the server that hangs is still there"; else pass "the server that hung is gone"; fi
check_nothing_left

# Four first commands at the same moment: one makes the database and the extension, the others find them.
lm_as mkdir -m 700 "$LM_TMP/fresh"
commands=()
for n in 1 2 3 4; do
    LAKEMOVER_HOME=$LM_TMP/fresh lm_as "$LM_LAKEMOVER" psql -A -t -c 'SELECT count(*) FROM lakemover.run' > "$LM_TMP/out.first$n" 2>&1 < /dev/null &
    commands+=($!)
done
for n in 1 2 3 4; do
    if wait "${commands[$((n - 1))]}"; then pass "first command $n"; else fail "first command $n: $(cat "$LM_TMP/out.first$n")"; fi
done

if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 755 "$LM_TMP/roots" "$LM_TMP/precious"
    LAKEMOVER_HOME=$LM_TMP/roots expect 0 "as root, in a directory of root's" lm_cli --on-existing=drop
    equal "owner and mode" "0 755" "$(stat -c '%u %a' "$LM_TMP/roots")"
    equal "owner and mode of staging" "$(id -u "$LM_USER") 700" "$(stat -c '%u %a' "$LM_TMP/roots/staging")"
    # The staging server's user puts a link where lakemover makes a directory.
    mkdir -m 755 "$LM_TMP/trap"
    ln -s "$LM_TMP/precious" "$LM_TMP/trap/staging"
    LAKEMOVER_HOME=$LM_TMP/trap expect 2 "a link instead of the directory" lm_cli
    says 'is not a directory'
    equal "what it points to" "0 755" "$(stat -c '%u %a' "$LM_TMP/precious")"
fi
finish

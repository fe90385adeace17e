#!/bin/bash
# ODBC connections live on threads: a cancel while one connects comes through, and a backend that ends while such a
# thread is still inside the driver takes nothing with it. The endpoint accepts connections and never says a word.
# BACKENDS=1000 does it at length: tests/run.sh e2e/odbc_threads
. "$(dirname "$0")/../lib/e2e.sh"
lm_init odbc_threads
lm_start_staging bare
perl -MIO::Socket::INET -e '
    $| = 1;
    my $s = IO::Socket::INET->new(Listen => 128, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
    print $s->sockport, "\n";
    my @open;
    alarm shift;
    while (my $c = $s->accept) { push @open, $c; }' $((60 + ${BACKENDS:-40})) > "$LM_TMP/port" &
listener=$!
eventually 10 test -s "$LM_TMP/port"
port=$(cat "$LM_TMP/port")
lm_sql staging postgres -c 'CREATE DATABASE lm' -c '\c lm' -c 'CREATE EXTENSION lakemover' \
    -c "CREATE SERVER mute FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host '127.0.0.1', port '$port', dbname 'd', encrypt 'no', connect_timeout '20')" \
    -c "CREATE USER MAPPING FOR CURRENT_USER SERVER mute OPTIONS (user 'u', password 'p')"
started=$(lm_sql staging lm -c 'SELECT pg_postmaster_start_time()')

start=$SECONDS
expect 1 "a statement timeout while connecting" lm_sql staging lm -c "SET statement_timeout = '1s'" -c "SELECT lakemover.inventory('mute')"
says 'statement timeout'
# Without the thread the driver's own limit of 20 seconds would pass first.
if [ $((SECONDS - start)) -lt 12 ]; then pass "the cancel came through"; else fail "the cancel took $((SECONDS - start)) s"; fi

# Backends that end at once after that, while their thread still waits for the server's first word.
clients=()
for n in $(seq 1 "${BACKENDS:-40}"); do
    lm_sql staging lm -c "SET statement_timeout = '30ms'" -c "SELECT lakemover.inventory('mute')" > "$LM_TMP/out.$n" 2>&1 &
    clients+=($!)
    [ $((n % 8)) -ne 0 ] || wait "${clients[@]}"
done
wait "${clients[@]}"
equal "the server was never restarted" "$started" "$(lm_sql staging lm -c 'SELECT pg_postmaster_start_time()')"
equal "backends that ended while their thread was inside the driver" "${BACKENDS:-40}" "$(grep -l 'statement timeout' "$LM_TMP"/out.* | grep -c 'out\.[0-9]')"
equal "backends left" 1 "$(lm_sql staging lm -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")"
if grep -rqE 'was terminated by signal|reinitializing' "$LM_TMP"/*.log "$LM_TMP"/staging* 2> /dev/null; then
    fail "a backend crashed: $(grep -rhE 'was terminated by signal' "$LM_TMP" | head -n 2)"
else
    pass "no backend crashed"
fi
kill "$listener"
finish

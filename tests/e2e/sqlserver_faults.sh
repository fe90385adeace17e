#!/bin/bash
# A SQL Server source that misbehaves: deadlocks, lock time-outs, throttling, a database that moves, connections cut within a
# row, packets that end early, tokens that no TDS has, answers that do not come. Nothing is lost, nothing comes twice.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_faults
lm_start_target
lm_env
ms_start
ms_only_double "a real endpoint does not misbehave on request"
export SOURCE_SCHEMAS=flt
ms_load "$LM_ROOT/tests/mssql/faults.sql"
misbehave() { # PART ACTION TIMES ROWS
    printf "EXEC lm_behave\nEXEC lm_misbehave N'%s', N'%s', %s, %s\nGO\n" "$@" | ms_sql
}
behave() { printf 'EXEC lm_behave\nGO\n' | ms_sql; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
whole="SELECT (SELECT count(*) || ' ' || sum(id) || ' ' || sum(amount) || ' ' || sum(length(name)) FROM flt.ranged) || '; ' || (SELECT count(*) || ' ' || sum(length(body)) FROM flt.pieces)
    || '; ' || (SELECT string_agg(v, '' ORDER BY id) FROM flt.memory)"
all='8000 32004000 320040.0000 70893; 300 1500000; ab'
# The statements that copy the rows, not those that measure them or keep samples.
ranged='SELECT t.[id], CAST(t.[name] AS varbinary(100)), CAST(t.[amount] AS decimal'
pieces='SELECT t.[id], CAST(t.[body] AS varbinary(max))'

# survives WHAT SAID: the run succeeds, says what happened, and every row is there once.
survives() {
    expect 0 "a run with $1" lm_cli --on-existing drop --max-batch-rows 3000
    says 'SUCCESS' '3 of 3 tables'
    [ -z "${2:-}" ] || says "$2"
    equal "rows after $1" "$all" "$(target "$whole")"
}
survives "nothing wrong"
misbehave "$ranged" 'error 1205' 1 500
survives "a deadlock within the rows" 'attempt 1 failed: .*deadlock victim'
misbehave "$ranged" 'error 1222' 1 0
survives "a lock that is not given" 'attempt 1 failed: .*Lock request time out'
misbehave "$ranged" 'error 40501' 1 10
survives "throttling" 'outage of the source.*currently busy'
misbehave "$pieces" 'error 40613' 1 7
survives "a database that moves" 'outage of the source.*not currently available'
misbehave "$ranged" 'drop' 1 4321
survives "a connection that is cut in the middle of a table" 'attempt 1 failed: .*Unknown error'
misbehave "$pieces" 'drop' 1 5
survives "a connection that is cut among pieces" 'attempt 1 failed: .*Unknown error'
misbehave "$ranged" 'truncate' 1 2500
survives "an answer that ends early" 'outage of the source'
misbehave "$pieces" 'truncate' 1 111
survives "an answer of pieces that ends early" 'outage of the source'
misbehave "$ranged" 'garbage' 1 777
survives "a token that no TDS has" 'attempt 1 failed: '
misbehave login 'error 40613' 1 0
survives "a login to a database that is not there yet"
misbehave "$ranged" 'stall 3000' 1 100
survives "an answer that stops for three seconds"

# A table that cannot be read fails alone, by name, and keeps nothing half loaded.
misbehave "$ranged" 'error 824' 9 5000
expect 4 "a table with a corrupt page" lm_cli --on-existing drop
says 'INCOMPLETE' 'flt.ranged' 'logical consistency-based I/O error' '2 of 3 tables'
says_not 'SUCCESS'
equal "nothing is left of the table that failed" t "$(target "SELECT to_regclass('flt.ranged') IS NULL")"
equal "the others are whole" '300 ab' "$(target "SELECT (SELECT count(*) FROM flt.pieces) || ' ' || (SELECT string_agg(v, '' ORDER BY id) FROM flt.memory)")"

# Cancelled while the source says nothing: at once, and the next run is not hindered.
misbehave "$ranged" 'stall 60000' 9 100
set -m # a job of its own: bash would ignore SIGINT for a background command otherwise
"$LM_LAKEMOVER" --on-existing drop > "$LM_TMP/cancelled" 2>&1 < /dev/null &
cli=$!
set +m
eventually 20 grep -q 'schema     done' "$LM_TMP/cancelled" || fail "the run does not come to its tables"
sleep 1.5
start=${EPOCHREALTIME/./}
kill -INT $cli
wait $cli
status=$?
took=$(((${EPOCHREALTIME/./} - start) / 1000))
equal "the exit code of a cancelled run" 7 $status
if [ $took -lt 10000 ]; then pass "cancelled after $took ms"; else fail "cancelling took $took ms"; fi
behave
survives "all well again"

# What may not be read is a finding, and no reason to stop.
printf "EXEC lm_hide N'sys.dm_db_partition_stats'\nEXEC lm_hide N'sys.extended_properties'\nEXEC lm_hide N'sys.dm_db_log_stats'\nGO\n" | ms_sql
expect 0 "assessing without the right to see everything" lm_cli --assess-only
says 'dm_db_partition_stats|mssql_pages' 'extended_properties|mssql_property'
survives "views that may not be read"
behave

# Without SNAPSHOT there is no point in time, unless the operator says so.
printf 'ALTER DATABASE lmsrc SET ALLOW_SNAPSHOT_ISOLATION OFF\nGO\n' | ms_sql
expect 1 "a source without SNAPSHOT" lm_cli --on-existing drop
says 'no consistent point in time' 'ALLOW_SNAPSHOT_ISOLATION' '--accept-inconsistent'
expect 0 "accepted" lm_cli --on-existing drop --accept-inconsistent
says 'WITHOUT A POINT IN TIME'
says_not 'SUCCESS'
printf 'ALTER DATABASE lmsrc SET READ_ONLY\nGO\n' | ms_sql
survives "a read-only database"
ms_refused_nothing
finish

#!/bin/bash
# When no table of a run arrives, nothing of the run stays on the target: no table, no ledger.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
lm_init robust_all_undone
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c 'CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS id'
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$;
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'app.t') THEN
        CREATE TRIGGER no BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION public.no();
    END IF;
END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.watch();
SQL
lm_env
expect 4 "a run whose only table is refused" lm_cli --attempts=1
says 'INCOMPLETE' 'not here'
equal "its table" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regclass('app.t')")"
equal "ledger" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regnamespace('lakemover_ledger')")"
# Resumed, everything is made once more, and registered for a rollback.
expect 6 "resuming without a target" env LAKEBASE_PORT=1 "$LM_LAKEMOVER" resume --outage-timeout=1
lm_sql target "$LM_TARGET_DB" -c 'DROP EVENT TRIGGER watch'
expect 0 "resuming it when the rule is gone" lm_cli resume
says ': SUCCESS' '1 table and'
equal "its rows" 1 "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM app.t')"
equal "ledger" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regnamespace('lakemover_ledger')")"
expect 0 "rolling it back" lm_cli rollback --yes
equal "its schema" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regnamespace('app')")"
check_nothing_left
finish

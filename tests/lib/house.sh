# shellcheck shell=bash
# house.sh: rules of the house on the target, which act on tables as lakemover makes them. Source after e2e.sh.

# house_watch TABLE STATEMENT [TABLE STATEMENT]...: runs the statement as superuser when CREATE TABLE has made the table. The
# schema house, with what the statements call, is there already.
house_watch() {
    local cases=
    while [ $# -gt 0 ]; do
        cases+="IF o.object_identity = '$1' THEN $2; END IF;"$'\n'
        shift 2
    done
    lm_sql target "$LM_TARGET_DB" <<SQL
CREATE FUNCTION house.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
DECLARE o record;
BEGIN
    FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        $cases
    END LOOP;
END \$\$;
GRANT USAGE ON SCHEMA house TO PUBLIC;
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION house.watch();
SQL
}

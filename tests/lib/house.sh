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

# house_slow SECONDS: the schema house with a trigger function linger(), which takes as long as the table house.slow says; for
# house_watch, HOUSE_LINGER makes every batch of the load take that long in its transaction.
# shellcheck disable=SC2034  # for those who source this
HOUSE_LINGER=(lakemover_ledger.chunk "CREATE TRIGGER linger BEFORE INSERT ON lakemover_ledger.chunk FOR EACH STATEMENT EXECUTE FUNCTION house.linger()")
house_slow() {
    lm_sql target "$LM_TARGET_DB" <<SQL
CREATE SCHEMA IF NOT EXISTS house;
CREATE TABLE house.slow (seconds float);
INSERT INTO house.slow VALUES ($1);
CREATE FUNCTION house.linger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
BEGIN
    PERFORM pg_sleep(seconds) FROM house.slow;
    RETURN NULL;
END \$\$;
SQL
}

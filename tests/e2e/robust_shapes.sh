#!/bin/bash
# Tables of unusual shape: no columns at all, only generated ones, no rows, one row of 60 MB; with one worker and
# with sixteen. Then a source's and a target's table that somebody locks: the chunk is tried again, not taken for
# a takeover, and the run ends well.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init robust_shapes
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.no_columns ();
INSERT INTO app.no_columns DEFAULT VALUES;
INSERT INTO app.no_columns DEFAULT VALUES;
CREATE TABLE app.only_generated (g int GENERATED ALWAYS AS (6 * 7) STORED);
INSERT INTO app.only_generated DEFAULT VALUES;
CREATE TABLE app.no_rows (id int PRIMARY KEY, v text);
CREATE TABLE app.huge (id int PRIMARY KEY, v text);
INSERT INTO app.huge VALUES (1, repeat('abcdefgh', 7500000)), (2, '');
ANALYZE;
SQL
lm_env
for jobs in 1 16; do
    LAKEMOVER_JOBS=$jobs expect 0 "$jobs workers" lm_cli --on-existing=drop
    says 'SUCCESS'
    for table in no_columns only_generated no_rows huge; do
        equal "$jobs workers: rows of $table" "$(lm_sql source "$LM_DB" -c "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM app.$table t")" \
            "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM app.$table t")"
    done
done

# The target's role gives up on locks soon; a session locks the table for the first attempt.
lm_sql target postgres -c "ALTER ROLE $LM_TARGET_USER SET lock_timeout = '200ms'"
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE SEQUENCE house.attempts;
CREATE FUNCTION house.once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('house.attempts') = 1 THEN RAISE EXCEPTION 'canceling statement due to lock timeout' USING ERRCODE = 'lock_not_available'; END IF;
    RETURN NULL;
END $$;
SQL
house_watch app.huge "CREATE TRIGGER once BEFORE INSERT ON app.huge FOR EACH STATEMENT EXECUTE FUNCTION house.once()"
expect 0 "a lock that is not available at first" lm_cli --on-existing=drop
says 'app.huge chunk 1: attempt 1 failed' 'SUCCESS'
says_not 'taken over'
check_nothing_left
finish

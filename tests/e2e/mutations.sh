#!/bin/bash
# The validator is tested by corrupting the target: each mutation must be caught, and named by table,
# key and column. Once while the run goes on, with the source's snapshot there: an event trigger of the
# target's superuser corrupts each table when its key or index is made. And once afterwards, by
# "lakemover validate", when only the target's own rows can tell.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init mutations
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_JOBS=2

# One table for each mutation, all alike. The key is made after the load: that is when the trigger strikes.
mutations=(one_bit swap null_empty empty_null microsecond digit blank letter_case nfd truncated exchanged missing extra char_pad control)
keyless=(k_digit k_double k_double_delete k_missing k_control)
{
    echo 'CREATE SCHEMA mut;'
    for m in "${mutations[@]}"; do
        echo "CREATE TABLE mut.$m (id int PRIMARY KEY, name text, note text, at timestamptz, amount numeric(10,2), pad char(8), code varchar(20), raw bytea);"
    done
    for m in "${keyless[@]}"; do
        echo "CREATE TABLE mut.$m (id int, name text, note text, at timestamptz, amount numeric(10,2), pad char(8), code varchar(20), raw bytea); CREATE INDEX ON mut.$m (id);"
    done
    for m in "${mutations[@]}" "${keyless[@]}"; do
        cat <<SQL
INSERT INTO mut.$m SELECT g, 'Name ' || g, CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'café ' || g END,
    timestamptz '2024-01-01' + g * interval '1 hour 7.000007 s', g + 0.25, 'p' || g, 'code ' || g, decode(md5(g::text), 'hex')
  FROM generate_series(1, 300) g;
SQL
    done
} > "$LM_TMP/source.sql"
lm_sql source "$LM_DB" -f - < "$LM_TMP/source.sql" || fail "the source database"

# What is done to each table. Row 250 is beyond the rows of the field diff; the sample has all rows.
cat > "$LM_TMP/mutate.sql" <<'SQL'
CREATE SCHEMA IF NOT EXISTS saboteur;
CREATE TABLE saboteur.mutation (name text PRIMARY KEY, sql text NOT NULL, done boolean NOT NULL DEFAULT false);
INSERT INTO saboteur.mutation VALUES
    ('one_bit', $$UPDATE mut.one_bit SET raw = set_bit(raw, 9, 1 - get_bit(raw, 9)) WHERE id = 250$$),
    ('swap', $$UPDATE mut.swap SET name = CASE id WHEN 249 THEN 'Name 250' ELSE 'Name 249' END WHERE id IN (249, 250)$$),
    ('k_double_delete', $$INSERT INTO mut.k_double_delete SELECT * FROM mut.k_double_delete WHERE id = 250; DELETE FROM mut.k_double_delete WHERE id = 17$$),
    ('null_empty', $$UPDATE mut.null_empty SET note = '' WHERE id = 249$$),
    ('empty_null', $$UPDATE mut.empty_null SET note = NULL WHERE id = 250$$),
    ('microsecond', $$UPDATE mut.microsecond SET at = at + interval '1 microsecond' WHERE id = 250$$),
    ('digit', $$UPDATE mut.digit SET amount = amount + 0.01 WHERE id = 250$$),
    ('blank', $$UPDATE mut.blank SET code = code || ' ' WHERE id = 250$$),
    ('letter_case', $$UPDATE mut.letter_case SET name = upper(name) WHERE id = 250$$),
    ('nfd', $$UPDATE mut.nfd SET note = normalize(note, NFD) WHERE id = 251$$),
    ('truncated', $$UPDATE mut.truncated SET name = left(name, 6) WHERE id = 250$$),
    ('exchanged', $$UPDATE mut.exchanged SET name = code, code = name WHERE id = 250$$),
    ('missing', $$DELETE FROM mut.missing WHERE id = 250$$),
    ('extra', $$INSERT INTO mut.extra SELECT 301, name, note, at, amount, pad, code, raw FROM mut.extra WHERE id = 250$$),
    ('char_pad', $$UPDATE mut.char_pad SET pad = rtrim(pad) || '     '$$),
    ('k_digit', $$UPDATE mut.k_digit SET amount = amount + 0.01 WHERE id = 250$$),
    ('k_double', $$INSERT INTO mut.k_double SELECT * FROM mut.k_double WHERE id = 250$$),
    ('k_missing', $$DELETE FROM mut.k_missing WHERE id = 250$$);
SQL
cat > "$LM_TMP/trigger.sql" <<'SQL'
CREATE FUNCTION saboteur.strike() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE m saboteur.mutation;
BEGIN
    FOR m IN SELECT x.* FROM saboteur.mutation x JOIN pg_event_trigger_ddl_commands() c
                  ON c.object_identity IN ('mut.' || x.name, 'mut.' || x.name || '_id_idx') WHERE NOT x.done LOOP
        UPDATE saboteur.mutation SET done = true WHERE name = m.name;
        EXECUTE m.sql;
    END LOOP;
END $$;
CREATE EVENT TRIGGER strike ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION saboteur.strike();
GRANT USAGE ON SCHEMA saboteur TO PUBLIC;
SQL
staging() {
    lm_cli psql -X -A -t -q -F '|' -c "$1"
}
# caught TABLE LEVEL ROW_KEY COLUMN CAUSE: a difference of that level is recorded so; regular expressions, - is nothing
caught() {
    local found
    found=$(staging "SELECT coalesce(d.row_key, '-') || '|' || coalesce(d.column_name, '-') || '|' || d.cause FROM lakemover.difference d
        JOIN lakemover.run_table t USING (run_id, table_id) WHERE t.spec->>'target_table' = '$1' AND d.level = $2 AND d.run_id = (SELECT max(run_id) FROM lakemover.run)")
    if grep -qE "^$3\|$4\|$5" <<< "$found"; then pass "$1, level $2: $(grep -E -m 1 "^$3\|$4\|$5" <<< "$found")"; else
        fail "$1, level $2: no \"$3|$4|$5\" but: $found"; fi
}
# verdict TABLE LEVEL VERDICT
verdict() {
    equal "$1, verdict of level $2" "$3" "$(staging "SELECT v.verdict FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
        WHERE t.spec->>'target_table' = '$1' AND v.level = $2 AND v.run_id = (SELECT max(run_id) FROM lakemover.run)")"
}

# --- while the run goes on -----------------------------------------------------------------------
lm_sql target "$LM_TARGET_DB" -f - < "$LM_TMP/mutate.sql" || fail "the mutations"
lm_sql target "$LM_TARGET_DB" -f - < "$LM_TMP/trigger.sql" || fail "the event trigger"
expect 5 "a run whose target is corrupted" lm_cli
says 'VALIDATION FAILED'
equal "mutations that were done" 18 "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM saboteur.mutation WHERE done')"
for level in 2 3; do
    caught one_bit $level '.*250.*' raw 'other bytes'
    caught swap $level '.*250.*' name 'swapped with the value of row .*249'
    caught null_empty $level '.*249.*' note 'NULL became empty text'
    caught empty_null $level '.*250.*' note 'empty text became NULL'
    caught microsecond $level '.*250.*' at 'off by 1 microseconds'
    caught digit $level '.*250.*' amount 'last digit'
    caught blank $level '.*250.*' code 'padding: trailing blanks added'
    caught letter_case $level '.*250.*' name 'upper and lower case'
    caught nfd $level '.*251.*' note 'Unicode normalisation'
    caught truncated $level '.*250.*' name 'truncated at 6 characters'
    caught exchanged $level '.*250.*' name 'exchanged with column code'
    caught missing $level '.*250.*' - 'the row is missing on the target'
    caught k_double_delete $level '.*' - 'the row is missing on the target'
    caught k_digit $level '.*250.*' amount 'last digit'
    caught k_missing $level '.*' - 'the row is missing on the target'
done
caught k_double_delete 2 '\(250, Name 250.*' - 'the row is there more often than in the source'
caught k_double_delete 2 '\(17, Name 17,.*' - 'the row is missing on the target'
caught k_double 2 '.*Name 250.*' - 'the row is there more often than in the source'
caught extra 2 'id=301' - 'the row is not in the source'
for t in one_bit swap k_double_delete k_digit k_double; do verdict $t 2 different; done
for t in missing extra k_double k_missing; do verdict $t 1 different; done
# A char(n) is padded again whatever is stored; and nothing is reported of tables that nobody touched.
for t in control k_control char_pad; do for level in 1 2 3 4; do verdict $t $level equal; done; done

# --- afterwards ----------------------------------------------------------------------------------
lm_sql target "$LM_TARGET_DB" -c 'SET client_min_messages = warning; DROP EVENT TRIGGER strike; DROP SCHEMA mut CASCADE; DROP SCHEMA IF EXISTS lakemover_ledger CASCADE'
expect 0 "a run whose target is left alone" lm_cli
says 'SUCCESS'
expect 0 "validating it again" lm_cli validate
lm_sql target "$LM_TARGET_DB" -At -c 'SELECT sql || $$;$$ FROM saboteur.mutation' > "$LM_TMP/later.sql"
lm_sql target "$LM_TARGET_DB" -f - < "$LM_TMP/later.sql" || fail "corrupting the target"
expect 5 "validating the corrupted target" lm_cli validate
says 'k_double_delete'
caught one_bit 2 'id=250' raw 'changed since the load, in raw'
caught swap 2 'id=250' - 'changed since the load: values changed places between rows'
caught null_empty 2 'id=249' note 'changed since the load, in note'
caught empty_null 2 'id=250' note 'changed since the load, in note'
caught microsecond 2 'id=250' at 'changed since the load, in at'
caught digit 2 'id=250' amount 'changed since the load, in amount'
caught blank 2 'id=250' code 'changed since the load, in code'
caught letter_case 2 'id=250' name 'changed since the load, in name'
caught nfd 2 'id=251' note 'changed since the load, in note'
caught truncated 2 'id=250' name 'changed since the load, in name'
caught exchanged 2 'id=250' - 'changed since the load, in name, code'
caught missing 2 'chunk 1.*' - 'rows of this chunk were changed or removed'
caught k_double_delete 2 '\(250, Name 250.*' - 'written since the load'
caught extra 2 'id=301' - 'written since the load'
caught k_digit 2 '.*Name 250.*' amount 'changed since the load, in amount'
caught k_double 2 '.*Name 250.*' - 'written since the load'
caught k_missing 2 'chunk 1.*' - 'rows of this chunk'
for t in missing extra k_double k_missing; do verdict $t 1 different; done
for t in control k_control char_pad; do for level in 1 2; do verdict $t $level equal; done; done
finish

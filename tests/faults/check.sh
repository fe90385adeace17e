# shellcheck shell=bash
# check.sh: what must hold after every iteration, looked at with plain psql and tsql: every row as on the source, and on the
# target nothing but what an undisturbed run makes. Sourced by faults.sh.

# Rows of all tables of the target, in the form that source_rows has.
target_rows() { # ENGINE
    if [ "$1" = pg ]; then
        describe_rows target "$LM_TARGET_DB"
    else
        ms_tables | while IFS='|' read -r table _ columns; do
            lm_sql target "$LM_TARGET_DB" -F $'\t' -c "SET TimeZone = 'UTC'" -c "SELECT '$table', $columns FROM $table"
        done | LC_ALL=C sort
    fi
}
source_rows() { # ENGINE
    if [ "$1" = pg ]; then
        describe_rows source "$LM_DB"
    else
        ms_tables | while IFS='|' read -r table columns _; do
            printf "SET NOCOUNT ON SELECT '%s', %s FROM %s\nGO\n" "$table" "$columns" "$table" | ms_sql
        done | LC_ALL=C sort
    fi
}
# Each value in text that both engines write alike.
ms_tables() {
    cat <<'TEXT'
app.parent|CAST(id AS varchar(20)), name, CAST(CAST(amount AS decimal(19,4)) AS varchar(40))|id, name, amount
app.child|CAST(id AS varchar(20)), CAST(parent AS varchar(20)), CONVERT(varchar(30), at, 121)|id, parent, to_char(at, 'YYYY-MM-DD HH24:MI:SS.US')
app.pieces|CAST(id AS varchar(20)), body|id, body
TEXT
}

# Everything that no initdb makes, by name, without numbers; what faults put there is removed before.
target_objects() {
    local what
    lm_sql target "$LM_TARGET_DB" <<'SQL' | sed -E 's/(RI_ConstraintTrigger_[ac])_[0-9]+/\1/' | LC_ALL=C sort
SELECT format('SELECT (pg_identify_object(%L::regclass, oid, 0)).* FROM %I WHERE oid >= 16384', c, c)
  FROM unnest(ARRAY['pg_namespace', 'pg_proc', 'pg_constraint', 'pg_trigger', 'pg_extension', 'pg_event_trigger', 'pg_policy', 'pg_rewrite', 'pg_collation', 'pg_default_acl', 'pg_publication', 'pg_foreign_server']) c \gexec
SELECT (pg_identify_object('pg_class'::regclass, oid, 0)).*, relkind, relowner::regrole, relacl, relpersistence, reloptions FROM pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace;
SELECT (pg_identify_object('pg_type'::regclass, oid, 0)).* FROM pg_type WHERE oid >= 16384;
SELECT nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_toast';
SQL
    for what in columns constraints indexes; do describe_$what target "$LM_TARGET_DB"; done
}
sessions_gone() {
    [ "$(lm_sql target postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'")" = 0 ] &&
        { [ "$ENGINE" = ms ] || [ "$(lm_sql source postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER'")" = 0 ]; } &&
        { [ "$STAGING" = own ] || ! pgrep -f "postgres -D $LAKEMOVER_HOME" > /dev/null; }
}

# wrong TEXT [FILE]: the iteration is not equal; what for, and the end of a file.
wrong() {
    WRONG="${WRONG:+$WRONG; }$1"
    printf '    %s\n' "$1"
    if [ -n "${2:-}" ]; then tail -n "${3:-12}" "$2" | cut -c1-300 | sed 's/^/        /'; fi
}
compare() { # WHAT WANTED FOUND
    if ! diff "$2" "$3" > "$LM_TMP/diff"; then wrong "$1 differ (< wanted, > found)" "$LM_TMP/diff"; fi
}
verify() { # WHEN
    target_rows "$ENGINE" > "$LM_TMP/rows.found" 2>&1
    compare "rows$1" "$LM_TMP/rows.$ENGINE" "$LM_TMP/rows.found"
    lm_sql target "$LM_TARGET_DB" > /dev/null 2>&1 -c 'DROP EVENT TRIGGER IF EXISTS slow' -c 'DROP SCHEMA IF EXISTS house CASCADE'
    target_objects > "$LM_TMP/objects.found" 2>&1
    compare "objects of the target$1" "$LM_TMP/objects.$ENGINE" "$LM_TMP/objects.found"
    # A server that was killed goes on a little further: they are as the source's now.
    if [ "$ENGINE" = pg ]; then
        describe_sequences source "$LM_DB" > "$LM_TMP/sequences"
        describe_sequences target "$LM_TARGET_DB" > "$LM_TMP/sequences.found"
        compare "sequences$1" "$LM_TMP/sequences" "$LM_TMP/sequences.found"
    fi
}

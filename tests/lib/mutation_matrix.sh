# shellcheck shell=bash
# mutation_matrix.sh: the mutations that a validator must catch, for every kind of type, as SQL on the target. Each cell of
# the matrix is a table of its own, mx.t_<n>, of 12 rows with the columns id (the key), v and w; row 7 is changed.

# The columns of the matrix, in order.
MX_MUTATIONS=(nulled missing extra doubled swapped exchanged smallest sign zone empty blank case nfd truncated)
declare -A MX_TITLES=([nulled]='NULL' [missing]='row missing' [extra]='row too many' [doubled]='row doubled, another lost' [swapped]='values of two rows swapped'
    [exchanged]='two columns exchanged' [smallest]='smallest change' [sign]='sign' [zone]='time zone' [empty]="'' for NULL" [blank]='trailing blank' [case]='case' [nfd]='NFC, NFD' [truncated]='truncated')

# mx_sql MUTATION TABLE CHANGE: the statement for the target; CHANGE is the new value of v, for those that have one.
mx_sql() {
    local t=mx.$2
    case $1 in
        nulled) echo "UPDATE $t SET v = NULL WHERE id = 7;" ;;
        missing) echo "DELETE FROM $t WHERE id = 7;" ;;
        extra) echo "INSERT INTO $t SELECT 13, v, w FROM $t WHERE id = 7;" ;;
        doubled) echo "INSERT INTO $t SELECT * FROM $t WHERE id = 7; DELETE FROM $t WHERE id = 3;" ;;
        swapped) echo "UPDATE $t a SET v = b.v FROM $t b WHERE (a.id, b.id) IN ((8, 9), (9, 8));" ;;
        exchanged) echo "UPDATE $t SET v = w, w = v WHERE id = 7;" ;;
        *) echo "UPDATE $t SET v = $3 WHERE id = 7;" ;;
    esac
}

# mx_located MUTATION: as a condition on alias d over lakemover.difference.
mx_located() {
    case $1 in
        missing) echo "d.row_key = 'id=7' AND d.cause = 'the row is missing on the target'" ;;
        extra) echo "d.row_key = 'id=13' AND d.cause = 'the row is not in the source'" ;;
        doubled) echo "d.cause = 'the row is there more often than in the source'" ;;
        swapped) echo "d.row_key IN ('id=8', 'id=9') AND d.column_name = 'v'" ;;
        *) echo "d.row_key = 'id=7' AND d.column_name = 'v'" ;;
    esac
}

# mx_changes TYPE: mutations of that type of the target, a line each: name, tab, new value of v.
mx_changes() {
    local m
    for m in nulled missing extra doubled swapped exchanged; do printf '%s\t\n' $m; done
    case $1 in
        boolean) printf 'smallest\tNOT v\n' ;;
        smallint | integer | bigint) printf 'smallest\tv + 1\nsign\t-v\n' ;;
        numeric*,*) printf 'smallest\tv + 0.01\nsign\t-v\n' ;;
        numeric) printf 'smallest\ttrim_scale(v)\nsign\t-v\n' ;;
        real) printf "smallest\t(v * 1.0000001::real)::real\nsign\t-v\n" ;;
        'double precision') printf 'smallest\tv * 1.0000000000000002\nsign\t-v\n' ;;
        money) printf "smallest\tv + 0.01::money\nsign\tv * -1\n" ;;
        text | varchar* | *_word)
            printf "smallest\toverlay(v PLACING 'X' FROM 3 FOR 1)\nempty\t(SELECT '' WHERE v IS NULL)\nblank\tv || ' '\ncase\tupper(v)\nnfd\tnormalize(v, NFD)\ntruncated\tleft(v, 4)\n" ;;
        char*) printf "smallest\toverlay(v PLACING 'X' FROM 3 FOR 1)\ncase\tupper(v)\nnfd\tnormalize(v, NFD)\ntruncated\tleft(v, 4)\n" ;;
        bytea) printf "smallest\tset_bit(v, 9, 1 - get_bit(v, 9))\nempty\t(SELECT ''::bytea WHERE v IS NULL)\ntruncated\tsubstr(v, 1, 4)\n" ;;
        date) printf 'smallest\tv + 1\n' ;;
        time | time\(*) printf "smallest\tv + interval '1 microsecond'\n" ;;
        timetz) printf "smallest\tv + interval '1 microsecond'\nzone\tv AT TIME ZONE interval '1 hour'\n" ;;
        timestamp0) printf "smallest\tv + interval '1 second'\nzone\tv + interval '1 hour'\n" ;;
        timestamp3) printf "smallest\tv + interval '1 millisecond'\nzone\tv + interval '1 hour'\n" ;;
        timestamp | timestamptz) printf "smallest\tv + interval '1 microsecond'\nzone\tv + interval '1 hour'\n" ;;
        interval) printf "smallest\tv + interval '1 microsecond'\nsign\t-v\nzone\tv - interval '1 day' + interval '24 hours'\n" ;;
        uuid) printf "smallest\t(left(v::text, 35) || translate(right(v::text, 1), '0123456789abcdef', '123456789abcdef0'))::uuid\n" ;;
        json) printf "smallest\treplace(v::text, '{', '{ ')::json\n" ;;
        jsonb) printf "smallest\tv || '{\"n\": 1.50}'\n" ;;
        inet) printf 'smallest\tset_masklen(v, 31)\n' ;;
        macaddr) printf "smallest\t(left(v::text, 16) || translate(right(v::text, 1), '0123456789abcdef', '123456789abcdef0'))::macaddr\n" ;;
        bit* | varbit) printf 'smallest\tset_bit(v, 0, 1 - get_bit(v, 0))\n' ;;
        int\[\]) printf "smallest\t('[0:1]={' || v[1] || ',' || v[2] || '}')::int[]\n" ;;
        text\[\]) printf "smallest\tARRAY[v[1], '']\n" ;;
        mx.mood) printf "smallest\tCASE v WHEN 'ok' THEN 'happy'::mx.mood ELSE 'ok' END\n" ;;
        mx.pair) printf "smallest\tROW((v).a, '')::mx.pair\n" ;;
        int4range) printf 'smallest\tint4range(lower(v), upper(v) + 1)\n' ;;
        tsvector) printf "smallest\tsetweight(v, 'A')\n" ;;
        xml) printf "smallest\tconcat(v::text, ' ')::xml\n" ;;
        point) printf 'smallest\tpoint(v[0], v[1] + 1e-9)\n' ;;
        *) return 1 ;;
    esac
}

# The cells of a database: type as the source names it, tab, as the target does, tab, mutation, tab, new value. n counts tables.
mx_cells() { # FILE: source type, tab, target type
    local source target line
    while IFS=$'\t' read -r source target; do
        mx_changes "$target" > "$LM_TMP/changes" || { fail "no mutations for $target" >&2; continue; }
        while IFS= read -r line; do printf '%s\t%s\t%s\n' "$source" "$target" "$line"; done < "$LM_TMP/changes"
    done < "$1"
}

# mx_check CELLS FILE: what validation of the newest run said of each cell: source type, mutation, located (t, f) to FILE.
# A cell is located when one of its differences names the row and the column.
mx_check() {
    local n=0 source mutation located
    {
        echo "SELECT c.source, c.mutation, EXISTS (SELECT FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE t.spec->>'target_table' = c.name AND v.level IN (1, 2) AND v.verdict = 'different' AND v.run_id = r.run_id)"
        echo "AND EXISTS (SELECT FROM lakemover.difference d JOIN lakemover.run_table t USING (run_id, table_id) WHERE t.spec->>'target_table' = c.name AND d.run_id = r.run_id AND CASE c.mutation"
        for mutation in missing extra doubled swapped; do echo "WHEN '$mutation' THEN $(mx_located $mutation)"; done
        echo "ELSE $(mx_located other) END) FROM (SELECT max(run_id) AS run_id FROM lakemover.run) r, (VALUES"
        while IFS=$'\t' read -r source _ mutation _; do
            n=$((n + 1))
            [ $n = 1 ] || echo ,
            printf "('%s', '%s', 't_%s')" "$source" "$mutation" $n
        done < "$1"
        echo ') AS c(source, mutation, name)'
    } > "$LM_TMP/check.sql"
    lm_cli psql -X -A -t -q -F $'\t' -f "$LM_TMP/check.sql" > "$2" || fail "the results"
    while IFS=$'\t' read -r source mutation located; do
        if [ "$located" = t ]; then pass "$source: $mutation"; else fail "$source: $mutation is not caught and located"; fi
    done < "$2"
    equal "cells that were looked at" "$n" "$(wc -l < "$2")"
}

# mx_corrupt: the mutations of $LM_TMP/cells on the target, found by the digests of the run and located by both sides; $LM_TMP/results.
mx_corrupt() {
    local n=0 mutation change
    while IFS=$'\t' read -r _ _ mutation change; do
        n=$((n + 1))
        mx_sql "$mutation" "t_$n" "$change"
    done < "$LM_TMP/cells" > "$LM_TMP/mutate.sql"
    lm_sql target "$LM_TARGET_DB" -f - < "$LM_TMP/mutate.sql" || fail "the mutations"
    expect 5 "validation of the run, afterwards" lm_cli validate
    equal "tables that its digests find different" "$(wc -l < "$LM_TMP/cells")" \
        "$(lm_cli psql -X -A -t -q -c "SELECT count(DISTINCT table_id) FROM lakemover.validation WHERE run_id = 1 AND level IN (1, 2) AND verdict = 'different'")"
    expect 5 "the comparison of both sides" lm_cli validate --two-sided
    mx_check "$LM_TMP/cells" "$LM_TMP/results"
}

# mx_table FILE: the results as Markdown, a row per type.
mx_table() {
    local m
    printf '| type |'
    for m in "${MX_MUTATIONS[@]}"; do printf ' %s |' "${MX_TITLES[$m]}"; done
    printf '\n|---|'
    for m in "${MX_MUTATIONS[@]}"; do printf ':-:|'; done
    echo
    awk -F '\t' -v list="${MX_MUTATIONS[*]}" '
        { if (!($1 in seen)) { seen[$1] = 1; order[++types] = $1 } cell[$1, $2] = ($3 == "t") ? "✓" : "**no**" }
        END { n = split(list, m, " ")
              for (i = 1; i <= types; i++) { printf "| %s |", order[i]; for (j = 1; j <= n; j++) printf " %s |", cell[order[i], m[j]]; print "" } }' "$1"
}

# mx_documented NAME FILE: docs/validation.md shows the same table between its marks; LM_UPDATE_DOCS=1 writes it there.
mx_documented() {
    local page=$LM_ROOT/docs/validation.md
    mx_table "$2" > "$LM_TMP/matrix.md"
    if [ "${LM_UPDATE_DOCS:-}" = 1 ]; then
        awk -v name="$1" -v table="$LM_TMP/matrix.md" '
            $0 == "<!-- end of " name " -->" { inside = 0 } !inside { print }
            $0 ~ "^<!-- " name ", made by " { inside = 1; while ((getline line < table) > 0) print line }' "$page" > "$LM_TMP/page.md" && cat "$LM_TMP/page.md" > "$page"
    fi
    awk -v name="$1" '$0 == "<!-- end of " name " -->" { inside = 0 } inside { print } $0 ~ "^<!-- " name ", made by " { inside = 1 }' "$page" > "$LM_TMP/documented.md"
    same "docs/validation.md: $1" "$LM_TMP/documented.md" "$LM_TMP/matrix.md"
}

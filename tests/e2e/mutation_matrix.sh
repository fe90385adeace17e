#!/bin/bash
# Mutations × types of PostgreSQL: a run of all types is a success; then each mutation of each type is caught in its table, and
# named by row and column. The result is the table in docs/validation.md.
# timeout: 600
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mutation_matrix.sh"
lm_init mutation_matrix
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_JOBS=2
# Type, and value of row g.
cat > "$LM_TMP/types" <<'T'
boolean|g % 2 = 0
smallint|g * 1000
integer|g * 1000003
bigint|g * 1000000000000007
numeric(12,2)|g + 0.25
numeric|(g || '.1230')::numeric
real|g / 3.0
double precision|g / 3.0
money|g * 1.25
text|nullif('Name é ' || g, 'Name é 70')
varchar(40)|'Code é ' || g
char(20)|'Pad é ' || g
mx.word|'Word é ' || g
bytea|decode(md5(g::text), 'hex')
date|date '2024-02-20' + g
time|time '23:59:59.999900' - g * interval '1 microsecond'
timetz|(time '12:00' + g * interval '7 s')::timetz
timestamp|timestamp '2024-02-28 23:59:59.999990' + g * interval '1 microsecond'
timestamptz|timestamptz '2024-03-31 00:59:59.999990+00' + g * interval '1 microsecond'
interval|g * interval '1 mon 2 days 3 hours'
uuid|md5(g::text)::uuid
json|json_build_object('a', g, 'b', 'é')
jsonb|jsonb_build_object('a', g, 'n', 1.5)
inet|'10.0.0.0'::inet + g
macaddr|('08:00:2b:01:02:' || lpad(g::text, 2, '0'))::macaddr
bit(8)|g::bit(8)
varbit|g::bit(9)
int[]|ARRAY[g, g * 2]
text[]|ARRAY['a' || g, NULL]
mx.mood|(ARRAY['sad', 'ok', 'happy'])[1 + g % 3]::mx.mood
mx.pair|ROW(g, 'x' || g)::mx.pair
int4range|int4range(g, g + 5)
tsvector|to_tsvector('simple', 'fat cat ' || g)
xml|xmlparse(content '<a>é' || g || '</a>')
point|point(g, g)
T
cut -d '|' -f 1 "$LM_TMP/types" | awk '{ print $0 "\t" ($0 == "mx.word" ? "varchar_word" : $0) }' > "$LM_TMP/pairs"
mx_cells "$LM_TMP/pairs" > "$LM_TMP/cells"
n=0
{
    echo "CREATE SCHEMA mx; CREATE TYPE mx.mood AS ENUM ('sad', 'ok', 'happy'); CREATE TYPE mx.pair AS (a int, b text); CREATE DOMAIN mx.word AS varchar(60);"
    while IFS=$'\t' read -r source _ mutation _; do
        n=$((n + 1))
        value=$(awk -F '|' -v t="$source" '$1 == t { sub("^[^|]*[|]", ""); print }' "$LM_TMP/types")
        # The row whose NULL becomes '' has one.
        [ "$mutation" != empty ] || value="CASE WHEN g <> 7 THEN ($value)::$source END"
        echo "CREATE TABLE mx.t_$n (id int$([ "$mutation" = doubled ] || echo ' PRIMARY KEY'), v $source, w $source);"
        echo "INSERT INTO mx.t_$n SELECT g, ($value)::$source, ($value)::$source FROM generate_series(1, 12) g;"
        echo "UPDATE mx.t_$n a SET w = b.v FROM mx.t_$n b WHERE b.id = 1 + a.id % 12;"
    done < "$LM_TMP/cells"
} > "$LM_TMP/source.sql"
lm_sql source "$LM_DB" -f - < "$LM_TMP/source.sql" || fail "the source"
expect 0 "the load of every type" lm_cli --keep-ledger
says ': SUCCESS'

mx_corrupt
mx_documented "PostgreSQL matrix" "$LM_TMP/results"
finish

#!/bin/bash
# Mutations × types of a SQL Server source: a run of all types is a success; then each mutation of each type on the target is
# caught in its table, and named by row and column. The result is the table in docs/validation.md.
# timeout: 600
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
. "$(dirname "$0")/../lib/mutation_matrix.sh"
lm_init mutation_matrix_sqlserver
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=mx LAKEMOVER_JOBS=2
# Type, type on the target, and the literal of row %d (%02d two digits, %04x hex).
cat > "$LM_TMP/types" <<'T'
bit|boolean|%d %% 2
tinyint|smallint|%d
smallint|smallint|%d000
int|integer|%d000003
bigint|bigint|%d000000000000007
decimal(12,2)|numeric(12,2)|%d.25
money|numeric(19,4)|%d.2501
float|double precision|%d.3e0
real|real|%d.3e0
varchar(40)|varchar(40)|'Code é %d'
nvarchar(40)|varchar(40)|N'Name é %d'
nvarchar(max)|text|N'Note é %d'
char(20)|char(20)|'Pad é %d'
nchar(20)|char(20)|N'Pad é %d'
varbinary(20)|bytea|0x0102%04x0304
date|date|'2024-02-%02d'
time(6)|time|'23:59:58.9999%02d'
datetime|timestamp3|'2024-02-28T23:59:%02d.003'
smalldatetime|timestamp0|'2024-02-28T23:%02d:00'
datetime2(6)|timestamp|'2024-02-28T23:59:59.9999%02d'
datetimeoffset(6)|timestamptz|'2024-03-31T00:59:59.9999%02d +01:00'
uniqueidentifier|uuid|'6F9619FF-8B86-D011-B42D-00C04FC9%04x'
xml|text|N'<a>Ab é%d</a>'
T
cut -d '|' -f 1,2 "$LM_TMP/types" | tr '|' '\t' > "$LM_TMP/pairs"
mx_cells "$LM_TMP/pairs" > "$LM_TMP/cells"
literal() { # FORMAT ROW MUTATION: the row whose NULL becomes '' has one
    # shellcheck disable=SC2059
    if [ "$3" = empty ] && [ "$2" = 7 ]; then echo NULL; else printf "$1" "$2"; fi
}
n=0
{
    printf 'CREATE SCHEMA mx\nGO\n'
    while IFS=$'\t' read -r source _ mutation _; do
        n=$((n + 1))
        format=$(awk -F '|' -v t="$source" '$1 == t { print $3 }' "$LM_TMP/types")
        echo "CREATE TABLE mx.t_$n (id int NOT NULL$([ "$mutation" = doubled ] || echo " CONSTRAINT t_${n}_pkey PRIMARY KEY"), v $source NULL, w $source NULL)"
        printf 'GO\nINSERT INTO mx.t_%s VALUES ' $n
        for ((g = 1; g <= 12; g++)); do
            [ $g = 1 ] || printf ', '
            printf '(%s, %s, %s)' $g "$(literal "$format" $g "$mutation")" "$(literal "$format" $((1 + g % 12)) "$mutation")"
        done
        printf '\nGO\n'
    done < "$LM_TMP/cells"
} > "$LM_TMP/source.sql"
ms_load "$LM_TMP/source.sql"
expect 0 "the load of every type" lm_cli --keep-ledger --source-quiesced
says ': SUCCESS'

mx_corrupt
mx_documented "SQL Server matrix" "$LM_TMP/results"
finish

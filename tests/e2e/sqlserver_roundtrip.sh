#!/bin/bash
# The schema of a SQL Server source against the target's, each asked for by its own catalogs and by another client, not by
# what the inventory made of it: tables, columns, identities, keys, indexes, foreign keys, checks, defaults, sequences,
# comments. What differs must be what is said below. Then both sides are asked for their next values.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_roundtrip
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=rt,rt2
cat > "$LM_TMP/fixture.sql" <<'SQL'
IF OBJECT_ID('rt.line') IS NOT NULL DROP TABLE rt.line
IF OBJECT_ID('rt.doc') IS NOT NULL DROP TABLE rt.doc
IF OBJECT_ID('rt2.note') IS NOT NULL DROP TABLE rt2.note
IF OBJECT_ID('rt.every_type') IS NOT NULL DROP TABLE rt.every_type
IF OBJECT_ID('rt.down') IS NOT NULL DROP TABLE rt.down
IF OBJECT_ID('rt.ticket') IS NOT NULL DROP SEQUENCE rt.ticket
GO
IF SCHEMA_ID('rt') IS NULL EXEC('CREATE SCHEMA rt')
GO
IF SCHEMA_ID('rt2') IS NULL EXEC('CREATE SCHEMA rt2')
GO
CREATE SEQUENCE rt.ticket AS bigint START WITH 1000 INCREMENT BY 10 MINVALUE 1000 MAXVALUE 90000 CYCLE
GO
CREATE TABLE rt.doc (
    id int IDENTITY(100, 5) NOT NULL CONSTRAINT pk_doc PRIMARY KEY,
    code nvarchar(20) NOT NULL CONSTRAINT uq_doc_code UNIQUE,
    kind char(1) NOT NULL CONSTRAINT df_doc_kind DEFAULT 'a',
    price decimal(9,3) NULL CONSTRAINT ck_doc_price CHECK (price >= 0),
    small smallmoney NULL,
    made datetime2(3) NOT NULL CONSTRAINT df_doc_made DEFAULT '2024-01-31T10:00:00',
    parent int NULL,
    flag bit NOT NULL CONSTRAINT df_doc_flag DEFAULT 1,
    CONSTRAINT ck_doc_kind CHECK (kind IN ('a', 'b', 'c')))
CREATE TABLE rt.line (
    doc_id int NOT NULL, no smallint NOT NULL, sku varchar(30) NOT NULL, qty int NOT NULL CONSTRAINT df_line_qty DEFAULT 0, note nvarchar(max) NULL,
    doc_code nvarchar(20) NULL,
    CONSTRAINT pk_line PRIMARY KEY (doc_id, no DESC),
    CONSTRAINT fk_line_doc FOREIGN KEY (doc_id) REFERENCES rt.doc (id) ON DELETE CASCADE,
    CONSTRAINT fk_line_code FOREIGN KEY (doc_code) REFERENCES rt.doc (code) ON UPDATE CASCADE,
    CONSTRAINT ck_line_qty CHECK (qty >= 0 AND qty < 1000000))
CREATE TABLE rt2.note (id bigint IDENTITY(3000000000, 1) NOT NULL CONSTRAINT pk_note PRIMARY KEY, doc_id int NULL, body ntext NULL, at datetime NULL)
CREATE TABLE rt.down (id int IDENTITY(-1, -3) NOT NULL CONSTRAINT pk_down PRIMARY KEY, v int NULL)
CREATE TABLE rt.every_type (
    id int NOT NULL CONSTRAINT pk_every_type PRIMARY KEY, t tinyint NULL, s smallint NULL, b bigint NULL, d decimal(38,10) NULL, n numeric(5,0) NULL, m money NULL,
    r real NULL, f float NULL, da date NULL, ti time(2) NULL, dt datetime NULL, sd smalldatetime NULL, d2 datetime2(7) NULL, d0 datetimeoffset(0) NULL,
    c char(7) NULL, v varchar(33) NULL, vm varchar(max) NULL, nc nchar(8) NULL, nv nvarchar(44) NULL, bi binary(4) NULL, vb varbinary(50) NULL,
    vbm varbinary(max) NULL, u uniqueidentifier NULL, x xml NULL)
GO
ALTER TABLE rt.doc ADD CONSTRAINT fk_doc_parent FOREIGN KEY (parent) REFERENCES rt.doc (id)
CREATE INDEX ix_doc_made ON rt.doc (made DESC, kind) INCLUDE (price)
CREATE UNIQUE INDEX ux_line_sku ON rt.line (sku, no)
CREATE INDEX ix_line_open ON rt.line (qty) WHERE qty > 0
ALTER TABLE rt2.note WITH NOCHECK ADD CONSTRAINT fk_note_doc FOREIGN KEY (doc_id) REFERENCES rt.doc (id) ON DELETE SET NULL
GO
INSERT INTO rt.doc (code, price) VALUES (N'one', 1.5), (N'two', 2), (N'three', NULL)
INSERT INTO rt.line (doc_id, no, sku) VALUES (100, 1, 'x'), (100, 2, 'y')
INSERT INTO rt2.note (doc_id) VALUES (100)
INSERT INTO rt.down (v) VALUES (1), (2)
EXEC sp_addextendedproperty @name = N'MS_Description', @value = N'what was written', @level0type = N'SCHEMA', @level0name = N'rt', @level1type = N'TABLE', @level1name = N'doc'
EXEC sp_addextendedproperty @name = N'MS_Description', @value = N'in the currency of the shop', @level0type = N'SCHEMA', @level0name = N'rt', @level1type = N'TABLE', @level1name = N'doc', @level2type = N'COLUMN', @level2name = N'price'
GO
SQL
ms_load "$LM_TMP/fixture.sql"
expect 0 "the run" lm_cli
says 'SUCCESS'

# Both write the same lines: a letter for the kind, then its parts.
ms_lines() { printf 'SET NOCOUNT ON %s\nGO\n' "$1" | ms_sql | tr '\t' '|' | sed "s/^/$2|/" | grep -v '^.|$'; }
where="WHERE SCHEMA_NAME(t.schema_id) IN ('rt', 'rt2')"
{
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name FROM sys.tables AS t $where" T
    # The type in words of PostgreSQL: the documented correspondence, written down once more.
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, c.name, y.name, c.max_length, c.precision, c.scale, c.is_nullable FROM sys.tables AS t JOIN sys.columns AS c ON c.object_id = t.object_id JOIN sys.types AS y ON y.user_type_id = c.user_type_id $where" C |
        awk -F'|' -v OFS='|' '{
            n = $6; digits = $8 > 6 ? 6 : $8
            if ($5 == "tinyint") type = "smallint"
            else if ($5 == "int") type = "integer"
            else if ($5 == "bit") type = "boolean"
            else if ($5 == "float") type = "double precision"
            else if ($5 == "decimal" || $5 == "numeric") type = "numeric(" $7 "," $8 ")"
            else if ($5 == "money") type = "numeric(19,4)"
            else if ($5 == "smallmoney") type = "numeric(10,4)"
            else if ($5 == "time") type = "time(" digits ") without time zone"
            else if ($5 == "datetime") type = "timestamp(3) without time zone"
            else if ($5 == "smalldatetime") type = "timestamp(0) without time zone"
            else if ($5 == "datetime2") type = "timestamp(" digits ") without time zone"
            else if ($5 == "datetimeoffset") type = "timestamp(" digits ") with time zone"
            else if ($5 == "char") type = "character(" n ")"
            else if ($5 == "nchar") type = "character(" n / 2 ")"
            else if ($5 == "varchar" && n > 0) type = "character varying(" n ")"
            else if ($5 == "nvarchar" && n > 0) type = "character varying(" n / 2 ")"
            else if ($5 ~ /^n?varchar$|^n?text$|^xml$/) type = "text"
            else if ($5 ~ /binary$|^image$/) type = "bytea"
            else if ($5 == "uniqueidentifier") type = "uuid"
            else type = $5
            print $1, $2, $3, $4, type, $9 }'
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, c.name, CAST(i.seed_value AS bigint), CAST(i.increment_value AS bigint) FROM sys.tables AS t JOIN sys.identity_columns AS i ON i.object_id = t.object_id JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = i.column_id $where" I
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, i.name, CASE WHEN i.is_primary_key = 1 THEN 'primary' WHEN i.is_unique_constraint = 1 THEN 'constraint' WHEN i.is_unique = 1 THEN 'unique' ELSE 'plain' END, CASE WHEN i.filter_definition IS NULL THEN 'all' ELSE 'filtered' END FROM sys.tables AS t JOIN sys.indexes AS i ON i.object_id = t.object_id $where AND i.type > 0" X
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, i.name, k.key_ordinal, c.name, CASE WHEN k.is_descending_key = 1 THEN 'desc' ELSE 'asc' END FROM sys.tables AS t JOIN sys.indexes AS i ON i.object_id = t.object_id JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id $where AND k.key_ordinal > 0" K
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, i.name, c.name FROM sys.tables AS t JOIN sys.indexes AS i ON i.object_id = t.object_id JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id $where AND k.is_included_column = 1" N
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, f.name, SCHEMA_NAME(r.schema_id), r.name, f.delete_referential_action, f.update_referential_action, CASE WHEN f.is_not_trusted = 1 THEN 'not valid' ELSE 'valid' END FROM sys.tables AS t JOIN sys.foreign_keys AS f ON f.parent_object_id = t.object_id JOIN sys.tables AS r ON r.object_id = f.referenced_object_id $where" F
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, f.name, k.constraint_column_id, c.name, d.name FROM sys.tables AS t JOIN sys.foreign_keys AS f ON f.parent_object_id = t.object_id JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id JOIN sys.columns AS c ON c.object_id = t.object_id AND c.column_id = k.parent_column_id JOIN sys.columns AS d ON d.object_id = f.referenced_object_id AND d.column_id = k.referenced_column_id $where" G
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, k.name FROM sys.tables AS t JOIN sys.check_constraints AS k ON k.parent_object_id = t.object_id $where" H
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, c.name FROM sys.tables AS t JOIN sys.default_constraints AS k ON k.parent_object_id = t.object_id JOIN sys.columns AS c ON c.object_id = t.object_id AND c.column_id = k.parent_column_id $where" D
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, CAST(t.start_value AS bigint), CAST(t.increment AS bigint), CAST(t.minimum_value AS bigint), CAST(t.maximum_value AS bigint), CAST(t.is_cycling AS int) FROM sys.sequences AS t $where" S
    ms_lines "SELECT SCHEMA_NAME(t.schema_id), t.name, p.minor_id, CAST(p.value AS nvarchar(200)) FROM sys.tables AS t JOIN sys.extended_properties AS p ON p.major_id = t.object_id AND p.class = 1 $where" M
} | LC_ALL=C sort > "$LM_TMP/source.lines"

lm_sql target "$LM_TARGET_DB" -f - > "$LM_TMP/target.unsorted" <<'SQL'
CREATE TEMPORARY VIEW rel AS SELECT c.oid, n.nspname AS s, c.relname AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('rt', 'rt2');
SELECT 'T', s, t FROM rel;
SELECT 'C', s, t, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 0 ELSE 1 END FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0;
SELECT 'I', s, t, a.attname, q.seqstart, q.seqincrement FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attidentity <> ''
  JOIN pg_sequence q ON q.seqrelid = pg_get_serial_sequence(format('%I.%I', s, t), a.attname)::regclass;
SELECT 'X', s, t, i.relname, CASE WHEN x.indisprimary THEN 'primary' WHEN k.oid IS NOT NULL THEN 'constraint' WHEN x.indisunique THEN 'unique' ELSE 'plain' END,
       CASE WHEN x.indpred IS NULL THEN 'all' ELSE 'filtered' END
  FROM rel JOIN pg_index x ON x.indrelid = rel.oid JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype = 'u';
SELECT 'K', s, t, i.relname, p.no, a.attname, CASE WHEN x.indoption[p.no - 1] & 1 = 1 THEN 'desc' ELSE 'asc' END
  FROM rel JOIN pg_index x ON x.indrelid = rel.oid JOIN pg_class i ON i.oid = x.indexrelid CROSS JOIN generate_series(1, x.indnkeyatts) p(no)
  JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum = x.indkey[p.no - 1];
SELECT 'N', s, t, i.relname, a.attname
  FROM rel JOIN pg_index x ON x.indrelid = rel.oid JOIN pg_class i ON i.oid = x.indexrelid CROSS JOIN generate_series(x.indnkeyatts + 1, x.indnatts) p(no)
  JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum = x.indkey[p.no - 1];
SELECT 'F', rel.s, rel.t, k.conname, r.s, r.t, strpos('acnd', k.confdeltype::text) - 1, strpos('acnd', k.confupdtype::text) - 1, CASE WHEN k.convalidated THEN 'valid' ELSE 'not valid' END
  FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid AND k.contype = 'f' JOIN rel r ON r.oid = k.confrelid;
SELECT 'G', rel.s, rel.t, k.conname, p.no, a.attname, b.attname
  FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid AND k.contype = 'f' CROSS JOIN generate_series(1, cardinality(k.conkey)) p(no)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[p.no] JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[p.no];
SELECT 'H', s, t, k.conname FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid AND k.contype = 'c';
SELECT 'D', s, t, a.attname FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.atthasdef AND a.attgenerated = '';
SELECT 'S', n.nspname, c.relname, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle::int
  FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('rt', 'rt2') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i');
SELECT 'M', s, t, d.objsubid, d.description FROM rel JOIN pg_description d ON d.objoid = rel.oid AND d.classoid = 'pg_class'::regclass;
SQL
LC_ALL=C sort "$LM_TMP/target.unsorted" > "$LM_TMP/target.lines"
lines=$(wc -l < "$LM_TMP/source.lines")
if [ "$lines" -ge 90 ]; then pass "the source lists $lines things"; else fail "the source lists $lines things only"; fi
# Constraints of PostgreSQL have no order: that is the only thing that may differ, and it is said.
diff "$LM_TMP/source.lines" "$LM_TMP/target.lines" | grep '^[<>]' > "$LM_TMP/difference"
equal "what differs" '< K|rt|line|pk_line|2|no|desc;> K|rt|line|pk_line|2|no|asc' "$(paste -sd ';' "$LM_TMP/difference")"
equal "what is said of it" 'rt.line.pk_line|the key is created with ascending columns, no is descending on the source: queries that read in that order may want an index of their own' \
    "$(lm_cli psql -q -A -t -c "SELECT object, reason FROM lakemover.not_moved('source') WHERE kind = 'key order'" 2>/dev/null)"

# One insert on both sides draws the same number.
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
next() { # TABLE AGGREGATE COLUMNS VALUES
    equal "next value of $1" "$(ms_value "SET NOCOUNT ON INSERT INTO $1 ($3) VALUES ($4) SELECT CAST($2(id) AS bigint) FROM $1")" \
        "$(target "INSERT INTO $1 ($3) VALUES ($4) RETURNING id" | head -n 1)"
}
next rt.doc MAX code "'four'"
next rt2.note MAX doc_id 100
next rt.down MIN v 3
# The test server does not draw.
drawn=1000
if [ "$MS_DOUBLE" = no ]; then drawn=$(ms_value "SET NOCOUNT ON SELECT NEXT VALUE FOR rt.ticket"); fi
equal "next value of the sequence" "$drawn" "$(target "SELECT nextval('rt.ticket')")"
finish

#!/bin/bash
# A whole run from a SQL Server source (tests/lib/mssql.sh says which). What arrived is compared with what was written, and
# with what the source itself says through another client.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=dbo,sales
ms_load "$LM_ROOT/tests/mssql/source.sql"

expect 0 "assessing" lm_cli --assess-only
says 'SQL Server' 'Foreign Key Inventory'
expect 0 "the run" lm_cli
says 'SUCCESS' '7 of 7 tables'
target() { lm_sql target "$LM_TARGET_DB" -c "SET TimeZone = 'UTC'" -c "$1"; }
for table in dbo.big dbo.matrix dbo.nokey dbo.empty_table sales.customer sales.orders sales.order_line; do
    equal "rows of $table" "$(ms_value "SET NOCOUNT ON SELECT COUNT_BIG(*) FROM $table")" "$(target "SELECT count(*) FROM $table")"
done

# Boundary values of each type, as they were written in source.sql.
row() { target "SELECT $2 FROM dbo.matrix WHERE id = $1"; }
equal "NULLs" t "$(target "SELECT num_nonnulls(c_bit, c_int, c_dec, c_money, c_date, c_char, c_nvmax, c_vbmax, c_guid) = 0 FROM dbo.matrix WHERE id = 0")"
equal "smallest numbers" 'f|0|-32768|-2147483648|-9223372036854775808' "$(row 1 'c_bit, c_tiny, c_small, c_int, c_big')"
equal "largest numbers" 't|255|32767|2147483647|9223372036854775807' "$(row 2 'c_bit, c_tiny, c_small, c_int, c_big')"
equal "floats" '-3.4e+38|-1.7976931348623157e+308|3.4e+38|1.7976931348623157e+308|0.1' \
    "$(row 1 'c_real, c_float')|$(row 2 'c_real, c_float')|$(row 3 c_float)"
equal "decimal(38,10)" '-9999999999999999999999999999.9999999999|9999999999999999999999999999.9999999999' "$(row 1 c_dec)|$(row 2 c_dec)"
equal "money" '-922337203685477.5808|922337203685477.5807|-214748.3648|214748.3647' "$(row 1 c_money)|$(row 2 c_money)|$(row 1 c_smoney)|$(row 2 c_smoney)"
equal "dates" '0001-01-01|9999-12-31' "$(row 1 c_date)|$(row 2 c_date)"
equal "datetime" '1753-01-01 00:00:00|9999-12-31 23:59:59.997|2024-01-01 00:00:00.003' "$(row 1 c_dt)|$(row 2 c_dt)|$(row 3 c_dt)"
equal "datetime2" '0001-01-01 00:00:00|9999-12-31 23:59:59.999999' "$(row 1 c_dt2)|$(row 2 c_dt2)"
equal "datetimeoffset is the instant" '2024-02-29 18:29:59.123456+00' "$(row 3 c_dto)"
equal "time" '00:00:00|23:59:59.999999' "$(row 1 c_time)|$(row 2 c_time)"
equal "smalldatetime" '2079-06-06 23:59:00' "$(row 2 c_sdt)"
equal "trailing blanks of varchar" '10' "$(row 3 'length(c_vc)')"
equal "char is padded by the target alone" 'ab      ' "$(row 3 c_char)"
equal "empty strings are not NULL" 't' "$(row 1 "c_vc = '' AND c_nvmax = '' AND c_vbin = ''")"
equal "text beyond the basic plane" 'emoji 😀 "q" \' "$(row 3 c_nvc)"
equal "long values" '70000|70000|70000' "$(row 2 'length(c_vcmax), length(c_nvmax), length(c_vbmax)')"
equal "binary" '\xdeadbeef|\x000102030405060708090a0b0c0d0e0f10111213' "$(row 2 'c_bin, c_vbin')"
equal "uniqueidentifier" 'ffeeddcc-bbaa-9988-7766-554433221100' "$(row 2 c_guid)"
equal "rows without a key, doubles and all" '1|x;1|x;2|ü;|' "$(target 'SELECT a, b FROM dbo.nokey ORDER BY a, b' | paste -sd ';')"

# Keys, indexes, defaults and the next value of the identity.
equal "primary keys" 5 "$(target "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND connamespace IN ('dbo'::regnamespace, 'sales'::regnamespace)")"
equal "the index keeps DESC and INCLUDE" t "$(target "SELECT pg_get_indexdef(indexrelid) ~ '\(sku DESC\) INCLUDE \(qty\)' FROM pg_index WHERE indrelid = 'sales.order_line'::regclass AND NOT indisprimary")"
equal "foreign keys, validated" 't|2' "$(target "SELECT bool_and(convalidated), count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'sales'::regnamespace")"
equal "ON DELETE CASCADE" c "$(target "SELECT confdeltype FROM pg_constraint WHERE contype = 'f' AND conrelid = 'sales.order_line'::regclass")"
insert="INSERT INTO sales.customer (code, name) VALUES ('next', 'next')"
equal "the identity goes on with the source's next value" "$(ms_value "SET NOCOUNT ON $insert SELECT CAST(MAX(id) AS int) FROM sales.customer")" \
    "$(target "$insert RETURNING id" | head -n 1)"
equal "defaults" '0.0000|t|t' "$(target "SELECT credit, active, guid IS NOT NULL AND created IS NOT NULL FROM sales.customer WHERE code = 'next'")"

# Declared quiet, the source is read in key ranges by several sessions: the same rows again, and char(n) as varchar(n).
ms_sql <<< "UPDATE STATISTICS dbo.big
go" > /dev/null
# Babelfish cannot do that; there its autovacuum counts the rows within a minute.
counted() { [ "$(ms_value "SET NOCOUNT ON SELECT COALESCE(MAX(rows), 0) FROM sys.partitions WHERE object_id = OBJECT_ID('dbo.big')")" -gt 100000 ]; }
eventually 100 counted || fail "the source does not know how many rows dbo.big has"
digest='SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY id)) FROM dbo.big t'
before=$(target "$digest")
expect 0 "a run in key ranges" lm_cli --source-quiesced --on-existing drop --max-batch-rows 20000 --char-as varchar
says 'SUCCESS'
equal "the rows of dbo.big" "$before" "$(target "$digest")"
equal "char(n) as varchar(n), without padding" 'ab|2|abcdefgh||character varying(8)' \
    "$(row 3 'c_char, length(c_char)')|$(row 2 c_char)|$(row 1 c_char)|$(target "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'dbo.matrix'::regclass AND attname = 'c_nchar'")"
lm_cli psql -A -t -c "SELECT count(*) > 3, bool_and(method = 'keyset') FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id)
    WHERE t.spec->>'source_table' = 'big' AND c.run_id = (SELECT max(run_id) FROM lakemover.run)" > "$LM_TMP/ranges"
equal "ranges of dbo.big" 't|t' "$(tail -n 1 "$LM_TMP/ranges")"

# A source that nobody can connect to says why.
SOURCE_PORT=1 expect 6 "a closed port" lm_cli --assess-only
says_one_error
SOURCE_DRIVER='No Such Driver' expect 6 "a driver that is not installed" lm_cli --assess-only
says 'no ODBC driver "No Such Driver"' 'installed are:' 'odbcinst.ini'
if [ -n "${MS_CA:-}" ]; then
    SOURCE_SSLROOTCERT=$LM_TMP/tls/other.crt expect 6 "a certificate of another authority" lm_cli --assess-only
    says_one_error
    says 'trust_server_certificate'
fi
ms_refused_nothing
finish

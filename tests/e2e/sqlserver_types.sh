#!/bin/bash
# Every type of SQL Server with its boundary values (least, greatest, NULL, empty, longest, ugliest) through a whole run, and
# the exact value on the target.
# timeout: 300
# shellcheck disable=SC1111  # the ugly texts have such quotes
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_types
lm_start_target
lm_env
ms_start
ms_not_babelfish "it has no seventh digit, hierarchyid, sparse columns and text in other code pages"
export SOURCE_SCHEMAS=typ
ms_load "$LM_ROOT/tests/mssql/types.sql"
expect 3 "names that need a decision" lm_cli
says 'the name contains a space' 'the name contains the character \]' 'the word SELECT, reserved'
expect 0 "a plan" lm_cli plan
expect 0 "they are kept" lm_cli psql -c "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table ~ 'name'" -c "UPDATE lakemover.plan_column SET keep_quoted = true WHERE source_column ~ '^(select|a b|x\]y|Ünïcode)\$'"
expect 0 "the run" lm_cli
says 'SUCCESS' '8 of 8 tables'
target() { lm_sql target "$LM_TARGET_DB" -c "SET TimeZone = 'UTC'" -c "$1"; }
row() { target "SELECT $3 FROM typ.$1 WHERE id = $2"; }
type() { target "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'typ.$1'::regclass AND attname = '$2'"; }

for table in exact times texts bytes variants clr; do
    equal "NULLs of $table" t "$(target "SELECT count(*) = 1 AND bool_and(x) FROM (SELECT (SELECT bool_and(value = 'null' OR key IN ('id', 'rv')) FROM jsonb_each(to_jsonb(whole))) AS x FROM typ.$table whole WHERE id = 0) y")"
done
nines38=99999999999999999999999999999999999999
equal "decimals, least" "-$nines38|-0.$nines38|-9|-999999999.999999999" "$(row exact 1 'd38, d3838, d1, n189')"
equal "decimals, greatest" "$nines38|0.$nines38|9|999999999.999999999" "$(row exact 2 'd38, d3838, d1, n189')"
equal "decimals, smallest" '0|0.00000000000000000000000000000000000001|0|0.000000001' "$(row exact 3 'd38, d3838, d1, n189')"
equal "integers, least" '-9223372036854775808|-32768|0' "$(row exact 1 'b, s, t')"
equal "integers, greatest" '9223372036854775807|32767|255' "$(row exact 2 'b, s, t')"
equal "money" '-922337203685477.5808|-214748.3648;922337203685477.5807|214748.3647;0.0001|-0.0001' "$(row exact 1 'm, sm');$(row exact 2 'm, sm');$(row exact 3 'm, sm')"
equal "float" '-1.7976931348623157e+308;1.7976931348623157e+308;5e-324' "$(row exact 1 f);$(row exact 2 f);$(row exact 3 f)"
equal "real" '-3.4028235e+38|1.1754944e-38;3.4028235e+38|0;1e-45|-0.5' "$(row exact 1 'r, f24');$(row exact 2 'r, f24');$(row exact 3 'r, f24')"
equal "types of numbers" 'numeric(38,0) numeric(38,38) numeric(19,4) numeric(10,4) double precision real real smallint' \
    "$(type exact d38) $(type exact d3838) $(type exact m) $(type exact sm) $(type exact f) $(type exact r) $(type exact f24) $(type exact t)"

equal "time" '00:00:00|00:00:00|00:00:00;23:59:59|23:59:59.999|23:59:59.999999;12:34:56|12:34:56.007|12:34:56.000001' \
    "$(row times 1 't0, t3, t7');$(row times 2 't0, t3, t7');$(row times 3 't0, t3, t7')"
equal "datetime2, first" '0001-01-01 00:00:00|0001-01-01 00:00:00|0001-01-01 00:00:00' "$(row times 1 'd20, d23, d27')"
equal "datetime2, last" '9999-12-31 23:59:59|9999-12-31 23:59:59.999|9999-12-31 23:59:59.999999' "$(row times 2 'd20, d23, d27')"
equal "datetime2, between the calendars" '2024-02-29 12:00:00|1582-10-10 01:02:03.04|1900-03-01 00:00:00.000001' "$(row times 3 'd20, d23, d27')"
equal "datetimeoffset is the instant" '0001-01-01 00:00:00+00|0001-01-01 14:00:00+00;9999-12-31 23:59:59+00|9999-12-31 09:59:59.999999+00;2024-03-31 01:30:00+00|2024-10-27 06:00:00.5+00' \
    "$(row times 1 'o0, o7');$(row times 2 'o0, o7');$(row times 3 'o0, o7')"
equal "datetime" '1753-01-01 00:00:00;9999-12-31 23:59:59.997;2000-02-29 12:00:00.003' "$(row times 1 dt);$(row times 2 dt);$(row times 3 dt)"
equal "smalldatetime and date" '1900-01-01 00:00:00|0001-01-01;2079-06-06 23:59:00|9999-12-31;1999-12-31 23:59:00|1600-02-29' \
    "$(row times 1 'sd, d');$(row times 2 'sd, d');$(row times 3 'sd, d')"
equal "types of times" 'time(0) without time zone|time(6) without time zone|timestamp(3) without time zone|timestamp(6) without time zone|timestamp with time zone|timestamp(3) without time zone|timestamp(0) without time zone|date' \
    "$(type times t0)|$(type times t7)|$(type times d23)|$(type times d27)|$(type times o7 | sed 's/(.)//')|$(type times dt)|$(type times sd)|$(type times d)"

equal "empty texts are not NULL" '   |||   |||||||' "$(row texts 1 'c, vc, vcmax, nc, nvc, nvmax, tx, ntx, u8, sn, x')"
equal "long texts" '8000|1000001|4000|300001|100000|100000' "$(row texts 2 'length(vc), length(vcmax), length(nvc), length(nvmax), length(tx), length(ntx)')"
equal "each character of them" 't|t|t|t|t|t' "$(row texts 2 "vc = repeat('v', 8000), vcmax = repeat('x', 1000001), nvc = repeat('日', 4000), nvmax = repeat('😀', 300001), tx = repeat('t', 100000), ntx = repeat('ñ', 100000)")"
equal "code pages" 'abc|äöü|ß日😀|a name|<a b="1"><c>é&amp;</c></a>' "$(row texts 2 'c, nc, u8, sn, x')"
equal "ugly texts" "a  |€uro “quotes” – and | \\ ' \" trailing  |a  |NULL|\\N|é|Ω|é  |z|<x/>" "$(row texts 3 'c, vc, nc, nvc, nvmax, tx, ntx, u8, sn, x')"
equal "line ends and tabs" '6c696e650d0a6e65787409746162' "$(row texts 3 "encode(vcmax::bytea, 'hex')")"
equal "types of texts" 'character(3) character varying(8000) text character(3) character varying(4000) text text text character varying(20) character varying(128) text' \
    "$(for c in c vc vcmax nc nvc nvmax tx ntx u8 sn x; do type texts $c; done | paste -sd ' ')"

equal "bytes" '\x000000|\x|\x|\x|00000000-0000-0000-0000-000000000000;\x010000|\x00ff00|\xdeadbeef|ffeeddcc-bbaa-9988-7766-554433221100' "$(row bytes 1 'b, vb, vbmax, im, g');$(row bytes 2 'b, vb, im, g')"
equal "long bytes" 't' "$(row bytes 2 "vbmax = repeat('z', 2000000)::bytea")"
equal "rowversion" "$(ms_value 'SELECT CONVERT(varchar(18), rv, 2) FROM typ.bytes WHERE id = 1' | tr A-F a-f)" "$(row bytes 1 "encode(rv, 'hex')")"

variants='NULL,42,-922337203685477.5808,2024-02-29 12:34:56.1234567,日本 😀,abc,0x00FF,1.0000000000000001e-001,1.50,6F9619FF-8B86-D011-B42D-00C04FC964FF,1,2024-02-29,2000-01-01 00:00:00.003,2024-02-29 23:59:59.1234567 +05:30'
equal "sql_variant" "$variants" "$(target "SELECT string_agg(coalesce(v, 'NULL'), ',' ORDER BY id) FROM typ.variants")"
equal "hierarchyid and spatial types" '/1/2.5/|POINT (-122.349 47.651)|LINESTRING (0 0, 1 1, 2 0)' "$(row clr 1 'h, geo, geom')"
equal "alias types, sparse and computed columns" '+49 30 1234|12.50||2|2;|NULL|7|4|3' "$(row alias 1 'p, a, sp, twice, fixed');$(row alias 2 "p, coalesce(a::text, 'NULL'), sp, twice, fixed")"
equal "types of alias types" 'character varying(12) numeric(9,2)' "$(type alias p) $(type alias a)"
equal "names" '1|x|2|3' "$(target "SELECT \"select\", \"a b\", \"x]y\", \"Ünïcode\" FROM typ.\"wéird ]\"\"' name\"")"
ms_refused_nothing
finish

#!/bin/bash
# Foreign tables over a SQL Server source: values of every type, and many conditions, each with the source's help and over a
# local copy of the rows.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_fdw
lm_start_staging
ms_start
sql() { lm_sql staging lakemover "$@"; }

# The large table of source.sql is for streams.
{ grep -v 'dbo\.big' "$LM_ROOT/tests/mssql/source.sql"; cat "$LM_ROOT/tests/mssql/foreign.sql"; } > "$LM_TMP/foreign.sql"
ms_load "$LM_TMP/foreign.sql"
trust=(trust_server_certificate "'yes'")
if [ -n "${MS_CA:-}" ]; then
    chmod 711 "$LM_TMP"
    trust=(sslrootcert "'$SOURCE_SSLROOTCERT'")
fi
sql <<SQL || lm_die "no foreign server"
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host '$SOURCE_HOST', port '$SOURCE_PORT', dbname '$SOURCE_DATABASE', ${trust[*]});
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user '$SOURCE_USERNAME', password $(lm_literal "$SOURCE_PASSWORD"));
ALTER DATABASE lakemover SET timezone = 'Asia/Kathmandu';
ALTER DATABASE lakemover SET datestyle = 'German';
ALTER DATABASE lakemover SET extra_float_digits = 1;
CREATE SCHEMA f;
CREATE SCHEMA dbo;
CREATE SCHEMA listed;
CREATE SCHEMA others;
CREATE SCHEMA copied;
SQL

expect 0 "importing a schema" sql -c 'IMPORT FOREIGN SCHEMA fdw FROM SERVER src INTO f'
expect 0 "importing another" sql -c "IMPORT FOREIGN SCHEMA dbo FROM SERVER src INTO dbo OPTIONS (import_not_null 'false')"
sql -c 'IMPORT FOREIGN SCHEMA fdw LIMIT TO (words, words_view) FROM SERVER src INTO listed' -c 'IMPORT FOREIGN SCHEMA fdw EXCEPT (words, words_view) FROM SERVER src INTO others'
tables() { sql -c "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = '$1'::regnamespace AND relkind = 'f'"; }
equal "imported tables" 'broken,many,moments,numbers,odd name; x,refused,words,words_view' "$(tables f)"
equal "LIMIT TO" 'words,words_view' "$(tables listed)"
equal "EXCEPT" 'broken,many,moments,numbers,odd name; x,refused' "$(tables others)"
types() { sql -c "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0"; }
equal "types of numbers" 'id integer, b boolean, t smallint, s smallint, i integer, g bigint, d numeric(10,2), w numeric(38,10), m numeric(19,4), p numeric(10,4), r real, f double precision, u uuid' "$(types f.numbers)"
equal "types of words" 'id integer, v character varying(20), n character varying(20), c character(6), nc character(6), x text, vb bytea' "$(types f.words)"
equal "types of moments" 'id integer, d date, t time(6) without time zone, dt timestamp(3) without time zone, sd timestamp(0) without time zone, d2 timestamp(6) without time zone, d0 timestamp(0) without time zone, o timestamp(6) with time zone' "$(types f.moments)"
equal "NOT NULL" 't|f' "$(sql -c "SELECT (SELECT attnotnull FROM pg_attribute WHERE attrelid = 'f.words'::regclass AND attname = 'id'), (SELECT attnotnull FROM pg_attribute WHERE attrelid = 'dbo.matrix'::regclass AND attname = 'id')")"

# Boundary values of each type, as they were written in source.sql.
sql -c 'CREATE TABLE copied.matrix AS TABLE dbo.matrix' -c 'CREATE TABLE copied.nokey AS TABLE dbo.nokey'
row() { sql -c "SET timezone = 'UTC'; SET datestyle = 'ISO'; SELECT $2 FROM copied.matrix WHERE id = $1"; }
equal "NULLs" 0 "$(row 0 'num_nonnulls(c_bit, c_tiny, c_int, c_big, c_real, c_float, c_dec, c_money, c_date, c_time, c_dt, c_dto, c_char, c_nvmax, c_vbmax, c_guid)')"
equal "smallest numbers" 'f|0|-32768|-2147483648|-9223372036854775808' "$(row 1 'c_bit, c_tiny, c_small, c_int, c_big')"
equal "largest numbers" 't|255|32767|2147483647|9223372036854775807' "$(row 2 'c_bit, c_tiny, c_small, c_int, c_big')"
equal "floats" '-3.4e+38|-1.7976931348623157e+308|3.4e+38|1.7976931348623157e+308|0.1' "$(row 1 'c_real, c_float')|$(row 2 'c_real, c_float')|$(row 3 c_float)"
equal "decimal(38,10)" '-9999999999999999999999999999.9999999999|9999999999999999999999999999.9999999999' "$(row 1 c_dec)|$(row 2 c_dec)"
equal "money" '-922337203685477.5808|922337203685477.5807|-214748.3648|214748.3647' "$(row 1 c_money)|$(row 2 c_money)|$(row 1 c_smoney)|$(row 2 c_smoney)"
equal "dates" '0001-01-01|9999-12-31' "$(row 1 c_date)|$(row 2 c_date)"
equal "datetime" '1753-01-01 00:00:00|9999-12-31 23:59:59.997|2024-01-01 00:00:00.003' "$(row 1 c_dt)|$(row 2 c_dt)|$(row 3 c_dt)"
equal "datetime2" '0001-01-01 00:00:00|9999-12-31 23:59:59.999999' "$(row 1 c_dt2)|$(row 2 c_dt2)"
equal "datetimeoffset is the instant" '2024-02-29 18:29:59.123456+00|9999-12-31 23:59:59.999999+00' "$(row 3 c_dto)|$(row 2 c_dto)"
equal "time" '00:00:00|23:59:59.999999' "$(row 1 c_time)|$(row 2 c_time)"
equal "smalldatetime" '2079-06-06 23:59:00' "$(row 2 c_sdt)"
equal "trailing blanks of varchar" '10|trailing  |' "$(row 3 "length(c_vc), c_vc, ''")"
equal "char is padded here" 'ab      ' "$(row 3 c_char)"
equal "empty strings are not NULL" 't' "$(row 1 "c_vc = '' AND c_nvmax = '' AND c_vbin = '' AND c_char = ''")"
equal "text beyond the basic plane" 'emoji 😀 "q" \' "$(row 3 c_nvc)"
equal "long values" '70000|70000|70000' "$(row 2 'length(c_vcmax), length(c_nvmax), length(c_vbmax)')"
equal "binary" '\xdeadbeef|\x000102030405060708090a0b0c0d0e0f10111213' "$(row 2 'c_bin, c_vbin')"
equal "uniqueidentifier" 'ffeeddcc-bbaa-9988-7766-554433221100' "$(row 2 c_guid)"
equal "rows without a key, doubles and all" '|;1|x;1|x;2|ü' "$(sql -c 'SELECT a, b FROM copied.nokey ORDER BY a NULLS FIRST, b' | paste -sd ';')"

# check(how, table, condition): how the condition was taken must be as said (exactly: by the source alone; loosely: by
# both; here: by us alone), and the rows those of the local copy.
sql > /dev/null <<'SQL'
CREATE TABLE copied.numbers AS TABLE f.numbers;
CREATE TABLE copied.words AS TABLE f.words;
CREATE TABLE copied.moments AS TABLE f.moments;
CREATE TABLE copied.odd AS TABLE f."odd name; x";
ALTER FOREIGN TABLE f."odd name; x" RENAME TO odd;
CREATE COLLATION public.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE FUNCTION public.check_one(p_how text, p_table text, p_condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_line   text;
    v_remote text := '';
    v_filter boolean := false;
    v_how    text;
    v_there  text;
    v_here   text;
BEGIN
    FOR v_line IN EXECUTE format('EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM f.%s x WHERE %s', p_table, p_condition) LOOP
        v_filter := v_filter OR v_line ~ '^\s*Filter:';
        v_remote := coalesce(substring(v_line FROM 'Remote SQL: (.*)'), v_remote);
    END LOOP;
    v_how := CASE WHEN v_remote !~ ' WHERE ' THEN 'here' WHEN v_filter THEN 'loosely' ELSE 'exactly' END;
    EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM f.%s x WHERE %s', p_table, p_condition) INTO v_there;
    EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM copied.%s x WHERE %s', p_table, p_condition) INTO v_here;
    IF v_how <> p_how THEN
        RETURN format('%s: taken %s instead of %s: %s', p_condition, v_how, p_how, v_remote);
    ELSIF v_there IS DISTINCT FROM v_here THEN
        RETURN format(E'%s: other rows:\n%s\ninstead of\n%s\n%s', p_condition, v_there, v_here, v_remote);
    END IF;
    RETURN 'ok';
END
$$;
SQL
: > "$LM_TMP/conditions"
checks() { # HOW TABLE, conditions on standard input, one a line
    local condition
    while IFS= read -r condition; do printf '%s\001%s\001%s\n' "$1" "$2" "$condition" >> "$LM_TMP/conditions"; done
}
run_checks() { # all of them in one session
    local how table condition found asked=0 told=0
    asked=$(wc -l < "$LM_TMP/conditions")
    {
        printf "CREATE TEMP TABLE c (n int GENERATED ALWAYS AS IDENTITY, how text, tab text, condition text);\n"
        printf "COPY c (how, tab, condition) FROM STDIN (FORMAT csv, DELIMITER E'\\\\x01', QUOTE E'\\\\x02');\n"
        cat "$LM_TMP/conditions"
        printf '\\.\n'
        printf "DO \$\$ DECLARE r record; BEGIN FOR r IN SELECT * FROM c ORDER BY n LOOP RAISE INFO E'%%\\\\x01%%\\\\x01%%\\\\x01%%\\\\x02', r.how, r.tab, r.condition, public.check_one(r.how, r.tab, r.condition); END LOOP; END \$\$;\n"
    } | sql > "$LM_TMP/checked" 2>&1
    while IFS=$'\001' read -r -d $'\002' how table condition found; do
        told=$((told + 1))
        if [ "$found" = ok ]; then pass "${how##*INFO:  }, $table: $condition"; else fail "$table: $found"; fi
    done < "$LM_TMP/checked"
    [ "$told" -eq "$asked" ] || fail "$told of $asked conditions were checked: $(tail -n 5 "$LM_TMP/checked")"
}
checks exactly numbers <<'SQL'
id = 3
id <> 3
3 > id
id >= 3 AND id <= 5
id IN (1, 2, 99)
id NOT IN (1, 2)
id = ANY ('{1,2,NULL}'::int[])
id = 3::bigint
g = -9223372036854775808
g = 9007199254740993
g > 9223372036854775806
g IN (-9223372036854775808, 9223372036854775807)
g < 9223372036854775808
i < 3000000000
i > -3000000000
i = 1.5
i > 0.5
i::bigint = 10
i::numeric >= 9.99
t < 300
t > -1
t = 255
s >= -32768
s = -32769
d = 1.5
d = 1.50000
d = 0.1
d <> 0.1
d < 1.505
d > -0.015
d < 99999999999999999999
d IN (1.5, 0, -0.01)
d = 0
d = -0.0
w = 9999999999999999999999999999.9999999999
w = -9999999999999999999999999999.9999999999
w >= 0.1
w = -0.0000000001
m = 922337203685477.5807
m = -922337203685477.5808
m > 1.50000001
m = -0.0001
p = -0.0001
p <= -214748.3648
p < 1000000
u = 'ffeeddcc-bbaa-9988-7766-554433221100'
u = 'FFEEDDCC-BBAA-9988-7766-554433221101'
u <> '00000000-0000-0000-0000-000000000000'
u IN ('00112233-4455-6677-8899-aabbccddeeff', '01112233-4455-6677-8899-aabbccddeeff')
u NOT IN ('00112233-4455-6677-8899-aabbccddeeff', '01112233-4455-6677-8899-aabbccddeeff')
b
NOT b
b IS TRUE
b IS NOT TRUE
b IS FALSE
b IS NOT FALSE
b IS UNKNOWN
b IS NOT UNKNOWN
b = true
b <> true
d IS NULL
f IS NOT NULL
u IS NULL AND b IS NOT NULL
id = 1 OR u IS NULL
id = 1 OR (b AND i > 0)
NOT (id = 1 AND b)
NOT (id = 1 OR b)
NOT (i < 0 AND (s > 0 OR u IS NULL))
SQL
checks loosely numbers <<'SQL'
r = 1.5
r = 0.1::real
r = 0.1
r <= -0.3::real
f = 0.1
f = 0.3
f = 0.30000000000000004
f > 0
f >= 0
f < 0
f < 1e308
f <= -1.7e308
f = -1.7e308
f = 1e-300
f > 4.9e-324
id < 4 AND i + 0 = 1
(id = 3 AND i + 0 = 1) OR id = 4
id = 3 OR f = 0.1
SQL
checks here numbers <<'SQL'
w = 99999999999999999999999999999999
w > 0.00000000001
d = 'NaN'
d < 'Infinity'
f < 'NaN'
f = 'Infinity'
f <> 0.1
NOT (r = 1.5)
u < '01112233-4455-6677-8899-aabbccddeeff'
id = 1 OR i + 0 = -7
i % 2 = 0
i = s
id <> ALL ('{1,NULL}'::int[])
id IS DISTINCT FROM 1
coalesce(i, 0) = 0
i = (random() * 0)::int
id = 3.0::float8
SQL
checks loosely words <<'SQL'
v = 'abc'
v = 'ABC'
v = 'abc  '
v = ''
v = 'it''s "q" \'
v = 'ärger'
v = 'ÄRGER'
v = 'abcdefghijklmnopqrstuvwxyz'
v = '日本'
v = '  abc'
n = 'abc'
n = 'abc  '
n = '日本 😀'
n = 'äbc'
n = ''
c = 'abc'
c = 'abc         '
c = ''
c = ' abc'
nc = '日本'
nc = 'ABC'
x = 'abc'
x = ''
x = ' '
x = 'it''s ]]'
v IN ('abc', 'ABC', '')
n = ANY (ARRAY['abc', NULL, 'äbc'])
c IN ('abc', 'it''s')
v = 'abc' OR id = 4
v = 'abc' AND n = 'abc'
v = 'abc' AND v IS NOT NULL
v COLLATE "C" = 'abc'
NOT (v <> 'abc')
v = 'abc' AND length(v) = 3
SQL
checks here words <<'SQL'
v <> 'abc'
NOT (v = 'abc')
NOT (v = 'abc' AND id > 0)
v NOT IN ('abc', 'x')
v < 'b'
v LIKE 'a%'
upper(v) = 'ABC'
v = E'a\nb'
v = E'abc\\\nabc'
v = 'abc' COLLATE public.loose
v = U&'abc\FFFD'
v = 'abc' OR upper(v) = 'X'
x = '😀' || repeat('日', 5000)
c::text = 'abc'
vb = '\x00'
v = n
n IN ('abc', E'a\tb')
SQL
checks exactly words <<'SQL'
v IS NULL
x IS NOT NULL
vb IS NULL OR c IS NULL
SQL
checks exactly moments <<'SQL'
d = '29.02.2024'
d <> '29.02.2024'
d < '01.03.2024'
d >= '31.12.9999'
d IN ('01.01.0001', '28.02.2024')
d BETWEEN '28.02.2024' AND '29.02.2024'
d IS NULL
SQL
checks loosely moments <<'SQL'
t = '12:00:00'
t = '12:00:00.000001'
t < '00:00:00.5'
t <= '00:00:00'
t >= '23:59:59.5'
t = '24:00:00'
t = '00:00:00'
dt = '29.02.2024 12:00:00.003'
dt = '29.02.2024 12:00:00.0034'
dt <= '29.02.2024 12:00'
dt < '29.02.2024 11:59:59.997'
dt >= '31.12.9999 23:59:59.997'
dt < '01.01.1753 00:00:01'
sd = '29.02.2024 12:00:00'
sd < '29.02.2024 12:00:30'
sd > '29.02.2024 12:00:30'
sd >= '06.06.2079 23:59'
d2 = '29.02.2024 12:00:00.000001'
d2 = '29.02.2024 12:00'
d2 > '29.02.2024 12:00'
d2 >= '31.12.9999 23:59:59.999999'
d2 < '01.01.0001 00:00:00.000001'
d0 = '29.02.2024 12:00:00'
d0 < '29.02.2024 12:00:00.4'
o = '2024-02-29 12:00:00+05:30'
o = '2024-02-29 06:30:00.000001Z'
o < '2024-02-29 06:30:00.000001Z'
o > '2024-02-29 06:30:00Z'
o <= '0001-01-01 00:00:00Z'
o BETWEEN '2024-02-29 06:30:00Z' AND '2024-02-29 06:30:00.0000005Z'
d2 > '01.01.2024' AND date_part('year', d2) = 2024
SQL
checks here moments <<'SQL'
d = 'infinity'
d > '15.03.0044 BC'
d >= '01.01.10000'
d2 < 'infinity'
d2 <> '29.02.2024 12:00'
d2 IN ('29.02.2024 12:00', '01.01.0001')
dt > '01.01.1700'
sd < '01.01.2100'
d2 > '29.02.2024'::date
o < now()
o > '15.03.0044 12:00 BC'
SQL
checks exactly odd <<'SQL'
"a 'b ""c" = -1
"select" IS NULL
SQL
checks loosely odd <<'SQL'
"select" = 'x'
SQL

# Declared otherwise: what would be rounded or read as something else is compared here.
sql > /dev/null <<'SQL'
CREATE FOREIGN TABLE f.otherwise (id text OPTIONS (column_name 'id'), rounded numeric(10,1) OPTIONS (column_name 'd'), money float8 OPTIONS (column_name 'm'),
    "real" float8 OPTIONS (column_name 'r'), "float" text OPTIONS (column_name 'f'), "BIT" smallint OPTIONS (column_name 'B'), guid text OPTIONS (column_name 'u'))
    SERVER src OPTIONS (schema_name 'fdw', table_name 'numbers');
CREATE TABLE copied.otherwise AS TABLE f.otherwise;
CREATE DOMAIN public.small AS int CHECK (VALUE < 1000);
CREATE FOREIGN TABLE f.domains (id public.small) SERVER src OPTIONS (schema_name 'fdw', table_name 'numbers');
CREATE TABLE copied.domains AS TABLE f.domains;
SQL
equal "other types" '3|1.5|1.5|1.5|1.5|1|00112233-4455-6677-8899-aabbccddeeff' "$(sql -c "SELECT * FROM f.otherwise WHERE id = '3'")"
equal "a real as double precision has its own bytes" '0.10000000149011612' "$(sql -c "SELECT \"real\" FROM f.otherwise WHERE id = '5'")"
checks here otherwise <<'SQL'
id = '3'
rounded = 0
rounded = 1.5
money = 1.5
"real" > 0
"BIT" = 1
guid < '1'
SQL
checks exactly domains <<'SQL'
id = 3
SQL

run_checks

# Steps above the scan.
plan() { sql -c "EXPLAIN (VERBOSE, COSTS OFF) $1" > "$LM_TMP/plan"; output "$LM_TMP/plan"; }
plan 'SELECT count(*) FROM f.numbers WHERE id > 2'
says 'Remote SQL: SELECT COUNT_BIG\(\*\) FROM \[fdw\]\.\[numbers\] AS t WHERE t\.\[id\] > CAST'
equal "count(*)" '5|7' "$(sql -c 'SELECT count(*) FROM f.numbers WHERE id > 2')|$(sql -c 'SELECT count(*) FROM f.numbers')"
plan "SELECT count(*) FROM f.words WHERE v = 'abc'"
says '^Aggregate' 'Filter'
equal "count(*) over what is checked again" 1 "$(sql -c "SELECT count(*) FROM f.words WHERE v = 'abc'")"
plan 'SELECT id FROM f.numbers WHERE id > 2 LIMIT 2'
says '^Foreign Scan' 'SELECT TOP \(2\)'
equal "LIMIT" 2 "$(sql -c 'SELECT id FROM f.numbers WHERE id > 2 LIMIT 2' | wc -l)"
plan "SELECT id FROM f.words WHERE v = 'abc' LIMIT 1"
says '^Limit'
says_not 'TOP'
equal "LIMIT over what is checked again" 1 "$(sql -c "SELECT id FROM f.words WHERE v = 'abc' LIMIT 1")"
for tail in 'LIMIT 2 OFFSET 1' 'ORDER BY id LIMIT 2' 'LIMIT ALL' 'LIMIT NULL'; do
    plan "SELECT id FROM f.numbers $tail"
    says_not 'TOP'
done
plan 'SELECT min(id), max(v), count(v) FROM f.words'
says '^Aggregate'
equal "min, max, count of a column" '1|it'"'"'s "q" \|7' "$(sql -c 'SELECT min(id), max(v COLLATE "C"), count(v) FROM f.words' | sed 's/ärger/it'"'"'s "q" \\/')"
expect 1 "a negative LIMIT" sql -c 'SELECT id FROM f.numbers LIMIT -1'
says 'LIMIT must not be negative'
equal "sorted here" '2,1' "$(sql -c "SELECT string_agg(id::text, ',' ORDER BY g DESC) FROM f.numbers WHERE id < 3")"
equal "two scans at a time" '8|36' "$(sql -c 'SELECT count(*), sum(a.id) FROM f.words a JOIN f.words b USING (id)')"
equal "a scan for each row of another" 7 "$(sql -c 'SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM f.words a JOIN f.numbers b ON a.id = b.id + 1')"
equal "parameters are compared here" '3|3' "$(sql -c "PREPARE p(int) AS SELECT id FROM f.numbers WHERE id = \$1; SET plan_cache_mode = force_generic_plan; EXECUTE p(3)")|$(sql -c "SELECT id FROM f.numbers WHERE id = (SELECT 3)")"
equal "no columns" 7 "$(sql -c 'SELECT 1 FROM f.numbers' | wc -l)"
equal "whole rows" '(1,x)' "$(sql -c "SELECT o FROM f.odd o WHERE \"select\" = 'x'")"
equal "small batches" 8 "$(sql -c "ALTER FOREIGN TABLE listed.words OPTIONS (ADD fetch_size '3')" -c 'SELECT count(x) + 1 FROM listed.words')"
equal "many rows, in batches" '60000|1800030000' "$(sql -c 'SELECT count(id), sum(id) FROM f.many')"
expect 0 "ANALYZE" sql -c 'ANALYZE f.numbers' -c 'ANALYZE f.many'
equal "what ANALYZE found" '7|60000|10' "$(sql -c "SELECT (SELECT reltuples FROM pg_class WHERE oid = 'f.numbers'::regclass), (SELECT reltuples FROM pg_class WHERE oid = 'f.many'::regclass), (SELECT n_distinct FROM pg_stats WHERE schemaname = 'f' AND tablename = 'many' AND attname = 'name')")"
equal "the rows of two scans at a time" 60000 "$(sql -c 'SET enable_nestloop = off; SET enable_hashjoin = off; SELECT count(*) FROM f.many a JOIN f.many b USING (id)')"
expect 0 "ANALYZE of a view" sql -c 'ANALYZE f.words_view'
says 'cannot analyze "words_view"'
sql -c "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA f TO reader; GRANT SELECT ON f.numbers TO reader; CREATE USER MAPPING FOR reader SERVER src OPTIONS (user '$SOURCE_USERNAME', password $(lm_literal "$SOURCE_PASSWORD"))"
equal "a role that may read the table and nothing else" '3|7' "$(sql -c 'SET ROLE reader; SELECT id, (SELECT count(*) FROM f.numbers) FROM f.numbers WHERE d = 1.5')"

# One point in time, for as long as the transaction lasts; a failed part of it does not move it.
cat > "$LM_TMP/points.sql" <<'SQL'
BEGIN;
SELECT count(*) FROM f.odd;
\! cat ready
SELECT count(*) FROM f.odd;
SAVEPOINT s;
SELECT 1 / (count(*) - 2) FROM f.odd;
ROLLBACK TO s;
SELECT count(*) FROM f.odd;
DECLARE c CURSOR FOR SELECT 'row ' || id FROM f.many;
FETCH 2 FROM c;
SAVEPOINT s;
SELECT * FROM f.broken;
ROLLBACK TO s;
FETCH 1 FROM c;
CLOSE c;
SELECT count(*) FROM f.odd;
COMMIT;
SELECT count(*) FROM f.odd;
BEGIN;
SELECT count(*) FROM f.odd;
SAVEPOINT s;
SELECT * FROM f.broken;
ROLLBACK TO s;
SELECT 'after it', count(*) FROM f.odd;
COMMIT;
SQL
mkfifo "$LM_TMP/work/ready" && chown "$LM_USER" "$LM_TMP/work/ready" && chmod 644 "$LM_TMP/points.sql"
(cd "$LM_TMP/work" && sql -v ON_ERROR_STOP=0 < "$LM_TMP/points.sql" > "$LM_TMP/points.out" 2>&1) &
points=$!
exec 8> "$LM_TMP/work/ready"
printf "INSERT INTO fdw.[odd name; x] VALUES (5, N'later')\ngo\n" | ms_sql > /dev/null
exec 8>&-
wait $points
equal "one point in time" '2 2 2 2 3 3' "$(grep -E '^[0-9]' "$LM_TMP/points.out" | paste -sd ' ')"
equal "a cursor goes on behind a failed statement" 3 "$(grep -c '^row ' "$LM_TMP/points.out")"
output "$LM_TMP/points.out"
says 'division by zero' 'a query on the source failed|fetching rows from the source failed'
# An engine may end the transaction with the statement: then there is no other point to read at.
says '^after it\|3$|ERROR: .*(has ended the transaction|was lost in this transaction)'

# What is refused, and how a failure is told.
refused() { # SQLSTATE PATTERN SQL
    OUT=$LM_TMP/refused
    if sql -v VERBOSITY=verbose -c "$3" > "$OUT" 2>&1; then fail "accepted: $3"; fi
    says "ERROR:  $1: $2"
}
refused 0A000 'cannot insert into foreign table "numbers"' 'INSERT INTO f.numbers (id) VALUES (9)'
refused 0A000 'cannot update foreign table "numbers"' 'UPDATE f.numbers SET i = 1'
refused 0A000 'cannot delete from foreign table "numbers"' 'DELETE FROM f.numbers'
refused 0A000 'cannot truncate foreign table "numbers"' 'TRUNCATE f.numbers'
says 'sources are only read'
refused HV00Q 'schema "nosuch" is not present' 'IMPORT FOREIGN SCHEMA nosuch FROM SERVER src INTO f'
sql -c "CREATE FOREIGN TABLE f.gone (a int) SERVER src OPTIONS (schema_name 'fdw')" -c "CREATE FOREIGN TABLE f.no_column (id int, nosuch int) SERVER src OPTIONS (schema_name 'fdw', table_name 'words')" \
    -c "CREATE FOREIGN TABLE f.narrow (id int, a int) SERVER src OPTIONS (schema_name 'fdw', table_name 'refused')"
refused 42P01 'relation "fdw.gone" does not exist on the source' 'SELECT * FROM f.gone'
refused 42703 'column "nosuch" of relation "fdw.words" does not exist on the source' 'SELECT * FROM f.no_column'
equal "a missing column that is not asked for" 8 "$(sql -c 'SELECT count(*) FROM f.no_column')"
refused 22012 '.*(division|Divide) by zero' 'SELECT * FROM f.broken'
says 'remote SQL: SELECT .*\[broken\]'
refused 22003 '.*9223372036854775807.*out of range for type integer' 'SELECT * FROM f.narrow'
says 'column "a" of foreign table "narrow"'

# A wait for the source ends with the statement, and the session goes on.
if [ "$MS_DOUBLE" = yes ]; then # it has no view that takes for ever, but can be told to stall
    printf "CREATE VIEW fdw.endless AS SELECT id FROM fdw.many\nGO\nEXEC lm_misbehave N'[endless] AS', N'stall 60000', 9, 0\nGO\n" | ms_sql > /dev/null
else
    printf 'IF OBJECT_ID(%sfdw.endless%s) IS NOT NULL DROP VIEW fdw.endless\ngo\nCREATE VIEW fdw.endless AS SELECT a.object_id AS id FROM sys.all_columns a CROSS JOIN sys.all_columns b CROSS JOIN sys.all_columns c WHERE a.object_id + b.object_id + c.object_id = 1\ngo\n' "'" "'" | ms_sql > /dev/null
fi
sql -c "CREATE FOREIGN TABLE f.endless (id int) SERVER src OPTIONS (schema_name 'fdw')"
start=$SECONDS
sql -v ON_ERROR_STOP=0 > "$LM_TMP/cancelled" 2>&1 <<'SQL'
SELECT count(*) FROM f.numbers;
SET statement_timeout = '1s';
SELECT count(*) FROM f.endless;
SET statement_timeout = 0;
SELECT count(*) FROM f.numbers;
SQL
output "$LM_TMP/cancelled"
says 'canceling statement due to statement timeout'
equal "before and after it" '7 7' "$(grep -E '^[0-9]' "$LM_TMP/cancelled" | paste -sd ' ')"
if [ $((SECONDS - start)) -lt 15 ]; then pass "it took $((SECONDS - start)) s"; else fail "it took $((SECONDS - start)) s"; fi
finish

# shellcheck shell=bash
# The demo's SQL Server source; sourced by demo.sh.
# shellcheck disable=SC2034  # for demo.sh
demo_engine="SQL Server"
# shellcheck source=tests/lib/mssql.sh
. "$LM_ROOT/tests/lib/mssql.sh"
finish() { exit 1; }

demo_start() {
    ms_start
    export SOURCE_SCHEMAS=people,sales,stock
    ms_load "$LM_ROOT/tests/demo/sqlserver.sql"
}

demo_describe() {
    ms_value "SELECT CAST(@@VERSION AS nvarchar(120))" | head -n 1
    ms_value "SELECT CAST(COUNT(*) AS varchar(10)) + ' tables, ' + CAST(SUM(p.rows) AS varchar(20)) + ' rows, over checked TLS' FROM sys.tables t JOIN sys.partitions p ON p.object_id = t.object_id JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE p.index_id IN (0, 1) AND s.name IN ('people', 'sales', 'stock')"
    if [ "$MS_DOUBLE" = yes ]; then echo "(a test double that speaks TDS 7.4 on the real wire; LAKEMOVER_TEST_MSSQL names a real endpoint)"; fi
}

demo_resolve() {
    run plan
    expect 0 $? "plan"
    run psql -c "UPDATE lakemover.plan_table SET target_table = 'order_notes' WHERE lower(source_table) = 'order notes'"
    expect 0 $? "the override of a table's name"
    run psql -c "UPDATE lakemover.plan_column SET target_column = 'written_by' WHERE source_column = 'written-by'"
    expect 0 $? "the override of a column's name"
    run psql -c "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table = 'user'"
    expect 0 $? "the override of a reserved word"
}

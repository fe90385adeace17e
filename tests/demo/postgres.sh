# shellcheck shell=bash
# The demo's PostgreSQL source; sourced by demo.sh.
# shellcheck disable=SC2034  # for demo.sh
demo_engine=PostgreSQL

demo_start() {
    lm_start_source
    lm_load_demo "${DEMO_SCALE:-1}"
    lm_env
}

demo_describe() {
    lm_sql source "$LM_DB" -c "SELECT split_part(version(), ' on ', 1) || ', ' || count(*) || ' tables, ' || sum(reltuples)::bigint || ' rows, '
        || pg_size_pretty(pg_database_size(current_database())) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('people', 'sales', 'stock')"
}

demo_resolve() {
    run plan
    expect 0 $? "plan"
    run psql -c "UPDATE lakemover.plan_table SET target_table = 'order_notes' WHERE source_table = 'Order Notes'"
    expect 0 $? "the override of a table's name"
    run psql -c "UPDATE lakemover.plan_column SET target_column = 'written_by' WHERE source_column = 'written-by'"
    expect 0 $? "the override of a column's name"
    run psql -c "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table = 'user'"
    expect 0 $? "the override of a reserved word"
    run psql -c "UPDATE lakemover.plan_column SET target_column = 'user_group' WHERE source_column = 'group'"
    expect 0 $? "the override of a reserved word"
}

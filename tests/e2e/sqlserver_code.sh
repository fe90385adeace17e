#!/bin/bash
# Code of a SQL Server source in a run: converted, checked, written to the audit directory, and with --apply-routines created
# behind the data in the order of what needs what; refused where the target has it; what failed is tried again; a rollback leaves
# nothing.
# timeout: 1200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_code
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=dbo,sales,tools
ms_load "$LM_ROOT/tests/mssql/code.sql"

target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1"; }
newest() { staging "SELECT audit_dir FROM lakemover.run WHERE run_id = (SELECT max(run_id) FROM lakemover.run)"; }
# What of the code the target has: views, routines, triggers with their state.
objects() {
    target "SELECT string_agg(x, ' ' ORDER BY x COLLATE \"C\") FROM (
        SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace::regnamespace::text IN ('dbo', 'sales', 'tools')
        UNION ALL SELECT proname || '()' FROM pg_proc WHERE pronamespace::regnamespace::text IN ('dbo', 'sales', 'tools')
        UNION ALL SELECT concat(tgname, '=', tgenabled) FROM pg_trigger WHERE NOT tgisinternal) s(x)"
}
# ended NAME: class, and how it ended, by the index of the newest audit directory
ended() {
    python3 - "$DIR/code-index.json" "$1" <<'PY'
import json, sys
for o in json.load(open(sys.argv[1])):
    if o["source_name"].startswith(sys.argv[2]):
        print(o["class"], o["outcome"], o["why"] or "", sep="|")
PY
}

expect 0 "assessing" lm_cli --assess-only
says 'Code: 17 objects' 'checked in a scratch database' 'equivalent' 'manual' 'absent'

expect 0 "a run that creates no code" lm_cli
says 'SUCCESS'
DIR=$(newest)
equal "code on the target" '' "$(objects)"
equal "of the view" 'equivalent|left out|converted as equivalent; --apply-routines creates it, and is none' "$(ended 'dbo."Totals"')"
for file in code-dbo.Totals.sql code-index.json code.html; do
    if [ -s "$DIR/$file" ]; then pass "$file"; else fail "$DIR/$file is missing: $(ls "$DIR")"; fi
done
if grep -q '^-- class equivalent, score .* verified' "$DIR/code-dbo.Totals.sql" && grep -q 'FROM dbo."Working"' "$DIR/code-dbo.Totals.sql"; then
    pass "its file"
else
    fail "$(cat "$DIR/code-dbo.Totals.sql")"
fi
expect 0 "the directory" lm_cli verify "$DIR"

# Somebody's view of the name of one of ours: nothing is touched.
lm_cli rollback --yes > /dev/null 2>&1
target "CREATE SCHEMA dbo AUTHORIZATION $LM_TARGET_USER"
target 'CREATE VIEW dbo."Working" AS SELECT 1 AS theirs'
expect 2 "the target has such a view" lm_cli --apply-routines equivalent
says 'the target has planned objects already: view dbo."Working"' 'nothing was changed'
expect 0 "without code it is in nobody's way" lm_cli
equal "their view" 1 "$(target 'SELECT theirs FROM dbo."Working"')"
lm_cli rollback --yes > /dev/null 2>&1
target 'DROP SCHEMA dbo CASCADE'

expect 0 "equivalent code" lm_cli --apply-routines equivalent
says 'SUCCESS'
DIR=$(newest)
equal "what is there" 'AddCustomer() AddTwo() Clients CountClients() Doubled() GetTotals() OrdersOf() Sleeps() Totals Twice() Working keep_delete() keep_delete=O keep_insert() keep_insert=O keep_update() keep_update=O sleeps_insert=D' "$(objects)"
equal "no trigger fired while rows were loaded" 0 "$(target 'SELECT count(*) FROM sales."History"')"
equal "what is to be reviewed" 'review|left out' "$(ended 'dbo."ByName"' | cut -d'|' -f1,2)"
equal "and what calls it" 'equivalent|left out|it needs procedure dbo."ByName"(), which is not created' "$(ended 'dbo."CallsByName"')"
equal "what is manual" 'manual|left out' "$(ended 'dbo."Waits"' | cut -d'|' -f1,2)"
equal "a table that is nowhere" 'review|left out|its table dbo.nothing is in no script' "$(ended 'dbo."Absent"')"
equal "rows of a view over a view" '1|14.50;3|7.25' "$(target 'SELECT * FROM dbo."Totals" ORDER BY 1' | paste -sd ';')"
equal "a function that returns rows" '1|14.50' "$(target 'SELECT * FROM dbo."GetTotals"(8)' | paste -sd ';')"
target "CALL dbo.\"AddTwo\"()" > /dev/null
equal "a procedure that calls another" '5' "$(target 'SELECT count(*) FROM dbo."Clients"')"
target 'UPDATE sales."Orders" SET "Total" = 11 WHERE "OrderId" = 1'
equal "the trigger works now" '1|10.50|11.00' "$(target 'SELECT * FROM sales."History"')"
if grep -q '^CREATE VIEW dbo."Totals" AS' "$DIR/ddl.sql"; then pass "the DDL script has it"; else fail "$(grep -n Totals "$DIR/ddl.sql")"; fi
if grep -q 'CREATE OR REPLACE' "$DIR/ddl.sql"; then fail "something of others could be replaced"; else pass "nothing is replaced"; fi
expect 0 "the directory" lm_cli verify "$DIR"
python3 - "$DIR/reconciliation.json" > "$LM_TMP/notmoved" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
print(" ".join(sorted(n["name"] for n in d["not_moved"])))
PY
equal "what the report says is not there" 'dbo."Absent"() dbo."ByName"() dbo."CallsByName"() dbo."CallsWaits"() dbo."Elsewhere" dbo."Waits"()' "$(cat "$LM_TMP/notmoved")"
expect 0 "rolling back" lm_cli rollback --yes
equal "code that is left" '' "$(objects)"
equal "schemas that are left" 0 "$(target "SELECT count(*) FROM pg_namespace WHERE nspname IN ('dbo', 'sales', 'tools')")"

# A view that the target refuses: reported, what needs it is left out, the tables stay; resuming makes them.
target "CREATE FUNCTION public.no_view() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN
    IF current_query() LIKE '%VIEW dbo.\"Working\"%' THEN RAISE EXCEPTION 'house rule: no such view'; END IF; END \$\$;"
target "CREATE EVENT TRIGGER no_view ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION public.no_view()"
expect 4 "a view that is refused" lm_cli --apply-routines review
says 'house rule: no such view' 'INCOMPLETE'
DIR=$(newest)
equal "of that view" 'equivalent|failed|target: house rule: no such view: PL/pgSQL function public.no_view() line 2 at RAISE (P0001)' "$(ended 'dbo."Working"')"
equal "of the view over it" 'equivalent|left out|it needs view dbo."Working", which was not created' "$(ended 'dbo."Totals"')"
equal "the tables are all there" '3|3|0' "$(target 'SELECT (SELECT count(*) FROM dbo."Customers"), (SELECT count(*) FROM sales."Orders"), (SELECT count(*) FROM sales."History")')"
expect 0 "the directory of such a run" lm_cli verify "$DIR"
target 'DROP EVENT TRIGGER no_view'
expect 0 "resuming" lm_cli resume
says 'SUCCESS'
DIR=$(newest)
equal "all that may be created" 'AddCustomer() AddTwo() ByName() CallsByName() Clients CountClients() Doubled() GetTotals() OrdersOf() Sleeps() Totals Twice() Working keep_delete() keep_delete=O keep_insert() keep_insert=O keep_update() keep_update=O sleeps_insert=D' "$(objects)"
equal "the view over it" 'equivalent|created|' "$(ended 'dbo."Totals"')"
expect 0 "the directory after resuming" lm_cli verify "$DIR"

# Again over what is there, in lower case: names follow the plan.
expect 0 "another naming, in the place of the former" lm_cli rollback --yes
expect 0 "lower case" lm_cli --naming lower --apply-routines review
equal "names" 'addcustomer() addtwo() byname() callsbyname() clients countclients() doubled() gettotals() keep_delete() keep_delete=O keep_insert() keep_insert=O keep_update() keep_update=O ordersof() sleeps() sleeps_insert=D totals twice() working' "$(objects)"
expect 0 "dropped and made again" lm_cli --on-existing drop --apply-routines equivalent
equal "rows of a view over a view" '1|14.50;3|7.25' "$(target 'SELECT * FROM dbo.totals ORDER BY 1' | paste -sd ';')"
expect 2 "no such class" lm_cli --apply-routines manual
says '--apply-routines: manual not in \{none,equivalent,review\}'
ms_refused_nothing
finish

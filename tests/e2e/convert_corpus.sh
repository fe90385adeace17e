#!/bin/bash
# The corpus of T-SQL routines: each gets the class that its file expects, nothing that was not converted is without a FIXME,
# and the counts in docs/tsql.md are these.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init convert_corpus
lm_env

corpus=$LM_TMP/work/tsql
mkdir "$corpus"
cp "$LM_ROOT"/tests/tsql/*.sql "$corpus"
chmod -R a+rX "$corpus"
expect 0 "the corpus is converted" lm_cli convert --json "$corpus"/*.sql
if python3 "$LM_ROOT/tests/tsql/counts.py" "$LM_ROOT/tests/tsql" < "$OUT" > "$LM_TMP/counts" 2> "$LM_TMP/differences"; then
    pass "each routine has the class that its file expects"
else
    fail "classes differ from what the files expect:"
    sed 's/^/    /' "$LM_TMP/differences"
fi
sed -n '/^| file | routines/,/^| all /p' "$LM_ROOT/docs/tsql.md" > "$LM_TMP/documented"
same "the counts in docs/tsql.md" "$LM_TMP/counts" "$LM_TMP/documented"
python3 - "$OUT" > "$LM_TMP/silent" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    d = json.loads(line)
    if d["notes"] and "FIXME(lakemover)" not in d["sql"] and d["kind"] not in ("table", "type"):
        print(d["name"])
PY
equal "routines with notes and without a FIXME" "" "$(cat "$LM_TMP/silent")"
finish

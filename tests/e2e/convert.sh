#!/bin/bash
# lakemover convert: T-SQL files through embedded staging, as text and as JSON; no source is needed.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init convert
lm_env

file=$LM_TMP/work/shop.sql
printf 'CREATE PROC dbo.Clean @Days int = 30 AS\nSET NOCOUNT ON\nDELETE FROM dbo.Log WHERE Age > @Days\nGO\nCREATE PROC dbo.Wait AS\nWAITFOR DELAY %s\n' "'0:0:1'" > "$file"
chmod 644 "$file"
expect 0 "a file with two procedures" lm_cli convert "$file"
says 'CREATE OR REPLACE PROCEDURE dbo.clean' 'WHERE age > p_days;' 'FIXME\(lakemover\): line 6: statement' '2 objects, 1 of them manual'
expect 0 "the same as JSON" lm_cli convert "$file" --json
if head -n 1 "$OUT" | python3 -c 'import json, sys; d = json.loads(sys.stdin.readline()); assert d["name"] == "dbo.clean" and d["class"] == "review" and d["notes"][0]["construct"] == "verification"'; then
    pass "each line is a document"
else
    fail "the first line is no such document"
fi
expect 2 "a file that is not there" lm_cli convert "$LM_TMP/work/none.sql"
says 'none.sql'
expect 2 "no file" lm_cli convert
printf '\377\376S\000E\000' > "$file"
expect 2 "UTF-16" lm_cli convert "$file"
says 'UTF-8' 'iconv'
finish

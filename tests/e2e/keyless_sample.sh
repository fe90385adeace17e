#!/bin/bash
# The sample of a table without a key is every row whose MD5 begins with so many zeros: of some tables that is more than
# the rows that were asked for, and all of them count on both sides.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init keyless_sample
lm_start_source
lm_start_target
lm_env
for n in 1 2 3 4 5 6; do
    printf 'CREATE TABLE loose_%s AS SELECT i * %s AS n FROM generate_series(1, 160) i;\n' $n $n
done | lm_sql source "$LM_DB" -f - || lm_die "the source could not be filled"
expect 0 "tables without a key" lm_cli --sample-rows=10
says 'SUCCESS'
more=$(lm_cli psql -q -A -t -c 'SELECT count(*) FROM lakemover.validation WHERE level = 3 AND rows_covered > 10')
if [ "$more" -ge 1 ]; then pass "samples with more rows than were asked for: $more"; else fail "no sample has more rows than were asked for"; fi
finish

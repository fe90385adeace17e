-- docs/checks.md lists every check, as lakemover.check has it, with an example. (LM_ROOT is the root of the tree.)
SELECT plan(4);
\set page `cat "$LM_ROOT/docs/checks.md"`
CREATE TEMP TABLE documented AS
SELECT m[1] AS check_id, m[2] AS title, m[3] AS severity, m[4] AS finds, m[5] AS example, m[6] AS advice
  FROM regexp_split_to_table(:'page', E'\n') line,
       regexp_matches(line, '^\| `([a-z_]+)` ([^|]+) \| ([A-Z]+) \| [^|]+ \| ([^|]+) \| \*([^|]+)\* \| ([^|]+) \|$') m;
SELECT set_eq($$ SELECT check_id FROM documented $$, $$ SELECT check_id FROM lakemover.check $$, 'each check has a line, and no other');
SELECT is((SELECT count(*) FROM documented), (SELECT count(*) FROM lakemover.check), 'one line each');
SELECT results_eq($$ SELECT check_id, title, severity, finds, advice FROM documented ORDER BY check_id COLLATE "C" $$,
                  $$ SELECT check_id, title, severity, replace(detects, ' (SQL Server)', ''), recommendation FROM lakemover.check ORDER BY check_id COLLATE "C" $$,
                  'title, severity, what it finds and what to do are those of the registry');
SELECT is_empty($$ SELECT check_id FROM documented WHERE length(example) < 20 OR example = finds $$, 'each has an example');
SELECT * FROM finish();

-- Prints one line per problem in our own SQL objects: what plpgsql_check says, and the rules that
-- every function must keep. No output is success.

-- What functions expect of those that call them.
SET client_min_messages = 'warning';
BEGIN;
DO $$
BEGIN
    PERFORM lakemover._create_topic(topic) FROM lakemover._sqlserver_topics();
    INSERT INTO mssql_database VALUES ('16.0', 'lint', 3, 'lint', 'Latin1_General_CI_AS', 160, 1, 0, 0, 0);
    PERFORM lakemover._transform_sqlserver('lint', NULL);
    CREATE TEMPORARY TABLE mssql_probe (a int) ON COMMIT DROP;
    CREATE INDEX probe ON mssql_probe (a);
END
$$;

-- plpgsql_check; trigger functions are checked with the table they belong to.
SELECT format('%s line %s: %s: %s%s', p.oid::regprocedure, c.lineno, c.level, c.message, ' (' || c.hint || ')')
  FROM pg_proc p
  JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
  LEFT JOIN pg_trigger t ON t.tgfoid = p.oid AND NOT t.tgisinternal
 CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0), newtable => t.tgnewtable, oldtable => t.tgoldtable, performance_warnings => false, extra_warnings => true,
                                              security_warnings => true) c
 WHERE p.pronamespace = 'lakemover'::regnamespace
   AND (p.prorettype <> 'trigger'::regtype OR t.oid IS NOT NULL)
   -- the runner's own statements are dynamic by design: sqlstate 00000 with level "security" is a hint
   AND c.level NOT IN ('performance')
 ORDER BY 1;

-- search_path is set by every function, except those in C, and procedures that COMMIT.
SELECT format('%s: no search_path is set', p.oid::regprocedure)
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace = 'lakemover'::regnamespace AND l.lanname IN ('sql', 'plpgsql')
   AND NOT (p.prokind = 'p' AND p.prosrc ~* '\mCOMMIT\M')
   AND NOT coalesce(array_to_string(p.proconfig, ' ') ~ 'search_path=.*pg_temp$', false)
 ORDER BY 1;

-- a procedure that COMMITs can have neither SET nor SECURITY DEFINER
SELECT format('%s: COMMIT does not work with SET or SECURITY DEFINER', p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.pronamespace = 'lakemover'::regnamespace AND p.prokind = 'p' AND p.prosrc ~* '\mCOMMIT\M' AND (p.proconfig IS NOT NULL OR p.prosecdef)
 ORDER BY 1;

SELECT format('%s: no COMMENT ON', p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.pronamespace = 'lakemover'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
 ORDER BY 1;

SELECT format('%s: no COMMENT ON', c.oid::regclass)
  FROM pg_class c
 WHERE c.relnamespace = 'lakemover'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL
 ORDER BY 1;

-- nothing for PUBLIC
SELECT format('%s: PUBLIC may execute it', p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.pronamespace = 'lakemover'::regnamespace
   AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
 ORDER BY 1;

SELECT format('%s: PUBLIC has %s', c.oid::regclass, a.privilege_type)
  FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
 WHERE c.relnamespace = 'lakemover'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee = 0
 ORDER BY 1;
ROLLBACK;

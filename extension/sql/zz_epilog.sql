
-- Nothing for PUBLIC: neither functions nor tables. docs/security.md says what the roles need.
DO $$
DECLARE
    v_routine record;
BEGIN
    FOR v_routine IN
        SELECT p.oid::pg_catalog.regprocedure AS signature, p.prokind
          FROM pg_catalog.pg_proc p
         WHERE p.pronamespace = 'lakemover'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON %s %s FROM PUBLIC',
                                  CASE v_routine.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                                  v_routine.signature);
    END LOOP;
END
$$;

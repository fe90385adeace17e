-- What people do around a run, from what an assessment found. Steps that do not apply are left out.
CREATE FUNCTION lakemover._checklist(p_assessment bigint)
RETURNS TABLE (phase text, step text, reason text, command text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH a AS MATERIALIZED (
        SELECT a.assessment_id, a.source, a.blockers, a.summary, a.summary #>> '{source,engine}' AS engine, a.summary #>> '{source,database}' AS dbname
          FROM lakemover.assessment a WHERE a.assessment_id = p_assessment
    ), found AS MATERIALIZED (
        SELECT f.check_id, count(*) AS n, (array_agg(f.message ORDER BY f.finding_no))[1] AS first
          FROM lakemover.finding f JOIN a USING (assessment_id) WHERE f.severity <> 'INFO' OR f.check_id = 'principal' GROUP BY f.check_id
    ), outside AS MATERIALIZED (
        SELECT o ->> 'kind' AS kind, (o ->> 'count')::bigint AS n, (SELECT string_agg(x.value ->> 'name', ', ' ORDER BY x.no) FROM jsonb_array_elements(o -> 'listed') WITH ORDINALITY x(value, no) WHERE x.no <= 10)
                || CASE WHEN (o ->> 'count')::bigint > 10 THEN format(' and %s more', (o ->> 'count')::bigint - 10) ELSE '' END AS names
          FROM a, jsonb_array_elements(coalesce(a.summary -> 'outside', '[]')) o
    ), steps (no, phase, applies, step, reason, command) AS (
        SELECT v.*
          FROM a
         CROSS JOIN LATERAL (VALUES
               (10, 'before', a.blockers > 0, format('Resolve the %s BLOCKERs', a.blockers), 'a run refuses to begin with them', 'lakemover plan'),
               (11, 'before', a.engine <> 'postgres' AND coalesce(a.summary #>> '{source,settings,snapshot_isolation}', '0') <> '1' AND NOT coalesce((a.summary #>> '{source,settings,read_only}')::boolean, false),
                'Allow snapshot isolation on the source, or plan for a READ_ONLY source at the cut-over', 'without it the tables are not read at one point in time',
                format('ALTER DATABASE %s SET ALLOW_SNAPSHOT_ISOLATION ON', lakemover._bracketed(a.dbname))),
               (12, 'before', EXISTS (SELECT FROM outside o WHERE o.kind IN ('role', 'login', 'user')), 'Create the roles that applications need on the target',
                (SELECT string_agg(format('%s %s(s): %s', o.n, o.kind, o.names), '; ' ORDER BY o.kind) FROM outside o WHERE o.kind IN ('role', 'login', 'user')), NULL),
               (13, 'before', EXISTS (SELECT FROM found f WHERE f.check_id IN ('routine', 'trigger', 'view', 'object', 'clr', 'synonym', 'full_text', 'not_translated', 'columnstore')),
                'Write the statements that create on the target what does not move', (SELECT string_agg(format('%s %s', f.n, lower(c.title)), ', ' ORDER BY c.ordinal) FROM found f JOIN lakemover.check c USING (check_id)
                 WHERE f.check_id IN ('routine', 'trigger', 'view', 'object', 'clr', 'synonym', 'full_text', 'not_translated', 'columnstore')), NULL),
               (14, 'before', a.engine = 'postgres', 'Rehearse', 'measures the time of the whole, and shows what the target refuses', 'lakemover --rehearse 5%'),
               (15, 'before', true, 'Take a backup of the source and try to restore it', 'the fall-back rests on it', NULL),
               (16, 'before', true, 'Agree on who decides go or no-go, until when, and by which of the criteria of the reconciliation report', 'afterwards there is no time to', NULL),
               (20, 'cut-over', EXISTS (SELECT FROM outside o WHERE o.kind = 'scheduled job'), 'Stop the jobs of the source', (SELECT o.names FROM outside o WHERE o.kind = 'scheduled job'), NULL),
               (21, 'cut-over', EXISTS (SELECT FROM outside o WHERE o.kind IN ('replication', 'subscription', 'replication slot')), 'Tell those who read changes of the source, and stop what writes into it by replication',
                (SELECT string_agg(format('%s: %s', o.kind, o.names), '; ' ORDER BY o.kind) FROM outside o WHERE o.kind IN ('replication', 'subscription', 'replication slot')), NULL),
               (22, 'cut-over', true, 'Stop the applications, then make the source read-only', 'rows that are written after the snapshot do not move; sessions that are open go on as they are until they end',
                CASE WHEN a.engine = 'postgres' THEN format('ALTER DATABASE %I SET default_transaction_read_only = on', a.dbname)
                     ELSE format('ALTER DATABASE %s SET READ_ONLY WITH ROLLBACK IMMEDIATE', lakemover._bracketed(a.dbname)) END),
               (23, 'cut-over', true, 'Run the migration, or after an earlier load only what has changed since', 'the verdict must be SUCCESS', 'lakemover   # or: lakemover migrate --refresh'),
               (24, 'cut-over', true, 'Check the signed reports with the signer''s key', 'what is accepted is what was signed', 'lakemover verify DIRECTORY --public-key signing.pub'),
               (25, 'cut-over', EXISTS (SELECT FROM found f WHERE f.check_id IN ('routine', 'trigger', 'view', 'object', 'clr', 'synonym', 'full_text', 'not_translated', 'columnstore')),
                'Create on the target what does not move', 'as written before', NULL),
               (26, 'cut-over', EXISTS (SELECT FROM found f WHERE f.check_id IN ('grant', 'object')), 'Grant the privileges', (SELECT f.first FROM found f WHERE f.check_id = 'grant'), NULL),
               (27, 'cut-over', EXISTS (SELECT FROM found f WHERE f.check_id = 'not_validated'), 'Correct the rows of constraints that are not validated, then validate them',
                (SELECT format('%s constraints or indexes', f.n) FROM found f WHERE f.check_id = 'not_validated'), 'ALTER TABLE … VALIDATE CONSTRAINT …'),
               (28, 'cut-over', true, 'Try the applications on the target with a user of theirs, before anybody writes', 'the last moment at which going back costs nothing', NULL),
               (29, 'cut-over', true, 'Go or no-go; with go, point the applications at the target', NULL, NULL),
               (30, 'cut-over', EXISTS (SELECT FROM outside o WHERE o.kind = 'scheduled job'), 'Start the jobs on the target', (SELECT o.names FROM outside o WHERE o.kind = 'scheduled job'), NULL),
               (40, 'fall-back', true, 'Before the first write on the target: point the applications back and let the source be written to again', 'the source is as it was',
                CASE WHEN a.engine = 'postgres' THEN format('ALTER DATABASE %I RESET default_transaction_read_only', a.dbname)
                     ELSE format('ALTER DATABASE %s SET READ_WRITE', lakemover._bracketed(a.dbname)) END),
               (41, 'fall-back', true, 'Drop what the run made on the target, and nothing else', 'so that the next attempt begins with nothing', 'lakemover rollback'),
               (42, 'fall-back', true, 'After the first write on the target: list what was written there before going back', 'nothing of it moves back by itself; rows that differ are named by', 'lakemover validate --two-sided'),
               (50, 'after', true, 'Keep the source, read-only and with its backup, as long as the agreed time for going back', 'compare with it when in doubt', NULL),
               (51, 'after', EXISTS (SELECT FROM found f WHERE f.check_id IN ('collation', 'case_insensitive')) OR EXISTS (SELECT FROM lakemover.finding f WHERE f.assessment_id = a.assessment_id AND f.check_id = 'case_insensitive'),
                'Watch queries that compare or sort text', 'collations differ', NULL),
               (52, 'after', true, 'Watch the slowest queries for some days', 'plans and indexes are the target''s own', NULL)) v(no, phase, applies, step, reason, command)
    )
    SELECT s.phase, s.step, s.reason, s.command FROM steps s WHERE s.applies ORDER BY s.no
$$;
COMMENT ON FUNCTION lakemover._checklist(bigint) IS 'steps before, at and after the cut-over, and for falling back, from what an assessment found';

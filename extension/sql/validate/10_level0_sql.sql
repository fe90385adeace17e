-- One query over the target's catalogs, to be run with an empty search_path: then types come with their schema;
-- expressions are not compared as text, since a server prints another text than it was given (x IN (...) alone shows that).
CREATE FUNCTION lakemover._level0_query(p_source name) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
SELECT replace(replace($sql$
WITH space AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY (%SCHEMAS%::text[])
), rel AS (
    SELECT c.oid, c.relname, c.relkind, c.relispartition, s.nspname
      FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace
), type_text AS (
    SELECT t.oid, coalesce(e.typname, t.typname) AS name, n.nspname, e.oid IS NOT NULL AS is_array
      FROM pg_catalog.pg_type t
      LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' AND t.typlen = -1
      JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(e.typnamespace, t.typnamespace)
), att AS (
    SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated,
           coalesce((SELECT pg_catalog.format('%I.%I', n.nspname, o.collname) FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
                      WHERE o.oid = a.attcollation AND a.attcollation <> yt.typcollation), '') AS coll,
           CASE WHEN y.nspname = 'pg_catalog' THEN pg_catalog.format_type(a.atttypid, a.atttypmod)
                ELSE pg_catalog.format('%I.%I', y.nspname, y.name)
                     || coalesce(substring(pg_catalog.format_type(a.atttypid, a.atttypmod) FROM '\([^()"]*\)(?=(?:\[\])?$)'), '')
                     || CASE WHEN y.is_array THEN '[]' ELSE '' END END AS type
      FROM pg_catalog.pg_attribute a
      JOIN rel ON rel.oid = a.attrelid AND rel.relkind IN ('r', 'p', 'c')
      JOIN type_text y ON y.oid = a.atttypid
      JOIN pg_catalog.pg_type yt ON yt.oid = a.atttypid
     WHERE a.attnum > 0 AND NOT a.attisdropped
), con AS (
    SELECT c.*, rel.nspname, rel.relname,
           ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(num, no)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.no) AS columns
      FROM pg_catalog.pg_constraint c JOIN rel ON rel.oid = c.conrelid
), ind AS (
    SELECT i.*, c.relname AS index_name, am.amname,
           ARRAY(SELECT coalesce(a.attname::text, '(expression)') FROM unnest(i.indkey) WITH ORDINALITY k(num, no)
                   LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num > 0
                  WHERE k.no <= i.indnkeyatts ORDER BY k.no) AS keys,
           ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(num, no)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
                  WHERE k.no > i.indnkeyatts ORDER BY k.no) AS included
      FROM pg_catalog.pg_index i
      JOIN rel ON rel.oid = i.indrelid
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_am am ON am.oid = c.relam
), seq AS (
    SELECT rel.nspname, rel.relname, s.*,
           pg_catalog.query_to_xml(pg_catalog.format('SELECT last_value AS v, is_called AS c FROM %I.%I', rel.nspname, rel.relname),
                                   false, true, '')::text AS row
      FROM rel JOIN pg_catalog.pg_sequence s ON s.seqrelid = rel.oid
     WHERE rel.relkind = 'S'
)
SELECT 'table' AS kind, rel.nspname::text AS schema_name, rel.relname::text AS table_name, rel.relname::text AS object_name,
       pg_catalog.jsonb_build_object('partitioned', rel.relkind = 'p',
           'parents', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(pn.nspname, p.relname) ORDER BY i.inhseqno), '[]')
                         FROM pg_catalog.pg_inherits i
                         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
                         JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
                        WHERE i.inhrelid = rel.oid))::text AS definition
  FROM rel WHERE rel.relkind IN ('r', 'p')
UNION ALL
SELECT 'column', rel.nspname, rel.relname, att.attname,
       pg_catalog.jsonb_build_object('type', att.type, 'not_null', att.attnotnull, 'default', att.atthasdef AND att.attgenerated = '',
                                     'identity', att.attidentity, 'generated', att.attgenerated, 'collation', att.coll)::text
  FROM rel JOIN att ON att.attrelid = rel.oid
 WHERE rel.relkind IN ('r', 'p')
UNION ALL
SELECT CASE con.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END, con.nspname, con.relname, con.conname,
       pg_catalog.jsonb_build_object('columns', ind.keys, 'include', ind.included, 'deferrable', con.condeferrable,
                                     'deferred', con.condeferred, 'valid', ind.indisvalid AND ind.indisready)::text
  FROM con JOIN ind ON ind.indexrelid = con.conindid
 WHERE con.contype IN ('p', 'u', 'x')
UNION ALL
SELECT 'check', con.nspname, con.relname, con.conname,
       pg_catalog.jsonb_build_object('columns', (SELECT coalesce(pg_catalog.jsonb_agg(c.name ORDER BY c.name COLLATE "C"), '[]')
                                                   FROM unnest(con.columns) c(name)),
                                     'validated', con.convalidated)::text
  FROM con WHERE con.contype = 'c'
UNION ALL
SELECT 'foreign key', con.nspname, con.relname, con.conname,
       pg_catalog.jsonb_build_object('columns', con.columns, 'references', pg_catalog.jsonb_build_array(rn.nspname, r.relname),
           'ref_columns', ARRAY(SELECT a.attname::text FROM unnest(con.confkey) WITH ORDINALITY k(num, no)
                                  JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.num ORDER BY k.no),
           'on_update', con.confupdtype, 'on_delete', con.confdeltype, 'deferrable', con.condeferrable,
           'deferred', con.condeferred, 'validated', con.convalidated)::text
  FROM con
  JOIN pg_catalog.pg_class r ON r.oid = con.confrelid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
 WHERE con.contype = 'f'
UNION ALL
SELECT 'index', rel.nspname, rel.relname, ind.index_name,
       pg_catalog.jsonb_build_object('unique', ind.indisunique, 'method', ind.amname, 'columns', ind.keys, 'include', ind.included,
           'order', CASE WHEN ind.amname = 'btree' THEN ind.indoption::int2[] END,
           'predicate', ind.indpred IS NOT NULL, 'valid', ind.indisvalid AND ind.indisready)::text
  FROM ind JOIN rel ON rel.oid = ind.indrelid
 WHERE NOT EXISTS (SELECT FROM con WHERE con.conindid = ind.indexrelid AND con.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'sequence', seq.nspname, seq.relname, seq.relname,
       pg_catalog.jsonb_build_object('type', pg_catalog.format_type(seq.seqtypid, NULL), 'start', seq.seqstart, 'min', seq.seqmin,
           'max', seq.seqmax, 'increment', seq.seqincrement, 'cache', seq.seqcache, 'cycle', seq.seqcycle,
           'next', substring(seq.row FROM '<v>(-?[0-9]+)</v>')::numeric
                   + CASE WHEN substring(seq.row FROM '<c>([a-z]+)</c>')::boolean THEN seq.seqincrement ELSE 0 END,
           'owner', (SELECT pg_catalog.jsonb_build_array(o.nspname, o.relname, a.attname)
                       FROM pg_catalog.pg_depend d
                       JOIN rel o ON o.oid = d.refobjid
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = seq.seqrelid AND d.objsubid = 0
                        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')))::text
  FROM seq
UNION ALL
SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'range' END, s.nspname, NULL, t.typname,
       CASE t.typtype
       WHEN 'e' THEN pg_catalog.jsonb_build_object('labels',
            (SELECT coalesce(pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
       WHEN 'd' THEN pg_catalog.jsonb_build_object('not_null', t.typnotnull, 'default', t.typdefault IS NOT NULL,
            'base', (SELECT CASE WHEN y.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
                                 ELSE pg_catalog.format('%I.%I', y.nspname, y.name)
                                      || coalesce(substring(pg_catalog.format_type(t.typbasetype, t.typtypmod) FROM '\([^()"]*\)(?=(?:\[\])?$)'), '')
                                      || CASE WHEN y.is_array THEN '[]' ELSE '' END END
                       FROM type_text y WHERE y.oid = t.typbasetype),
            'checks', (SELECT coalesce(pg_catalog.jsonb_agg(c.conname ORDER BY c.conname::text COLLATE "C"), '[]')
                         FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
       WHEN 'c' THEN pg_catalog.jsonb_build_object('attributes',
            (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(att.attname, att.type) ORDER BY att.attnum), '[]')
               FROM att WHERE att.attrelid = t.typrelid))
       ELSE pg_catalog.jsonb_build_object('subtype',
            (SELECT pg_catalog.format('%I.%I', y.nspname, y.name) FROM pg_catalog.pg_range r JOIN type_text y ON y.oid = r.rngsubtype
              WHERE r.rngtypid = t.oid))
       END::text
  FROM pg_catalog.pg_type t
  JOIN space s ON s.oid = t.typnamespace
  LEFT JOIN rel ON rel.oid = t.typrelid
 WHERE t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND rel.relkind = 'c'
UNION ALL
SELECT code.kind, coalesce(code.table_schema, code.schema_name), code.table_name, code.object_name, code.facts::text
  FROM (%CODE%) AS code(kind, object_id, schema_name, object_name, table_id, table_schema, table_name, facts, definition, comments)
  JOIN space s ON s.nspname = coalesce(code.table_schema, code.schema_name)
$sql$, '%CODE%', lakemover._catalog_text('code')), '%SCHEMAS%', quote_literal(coalesce((
           SELECT array_agg(DISTINCT s.name ORDER BY s.name)
             FROM (SELECT t.target_schema FROM lakemover._planned_table t WHERE t.source = p_source
                   UNION ALL
                   SELECT q.target_schema FROM lakemover.plan_sequence q WHERE q.source = p_source AND NOT q.exclude
                   UNION ALL
                   SELECT y.schema_name FROM lakemover.inv_type y WHERE y.source = p_source
                   UNION ALL
                   SELECT o.target_schema FROM lakemover.plan_routine o
                    WHERE o.source = p_source AND o.action = 'move' AND o.reason IS NULL AND o.target_schema IS NOT NULL) s(name)), '{}')::text))
$function$;
COMMENT ON FUNCTION lakemover._level0_query(name) IS 'a query for the target, under an empty search_path, that lists what is in the planned schemas: kind, schema_name, table_name, object_name, definition';

CREATE FUNCTION lakemover._level0_sql(p_run bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT lakemover._level0_query(r.source) FROM lakemover.run r WHERE r.run_id = p_run
$$;
COMMENT ON FUNCTION lakemover._level0_sql(bigint) IS '_level0_query() of a run''s source';

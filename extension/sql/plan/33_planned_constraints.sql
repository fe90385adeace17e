-- definition: what follows ADD CONSTRAINT name, without NOT VALID; null, and a reason, when it cannot move.
-- is_inherited: arrives by itself with the parent's.
CREATE FUNCTION lakemover._planned_constraints(p_source name)
RETURNS TABLE(constraint_id bigint, table_id bigint, kind text, source_name text, target_name text, parent_id bigint,
              is_inherited boolean, is_validated boolean, definition text, reason text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.constraint_id, c.table_id, c.kind, c.source_name, c.target_name, i.parent_id,
       c.kind = 'c' AND EXISTS (
           SELECT FROM unnest(t.parent_id || coalesce(t.inherits, '{}')) p(id)
             JOIN lakemover._planned_table pt ON pt.source = c.source AND pt.table_id = p.id
             JOIN lakemover.inv_constraint pi ON pi.source = c.source AND pi.table_id = p.id AND pi.kind = 'c'
                  AND pi.name = c.source_name AND pi.definition !~ ' NO INHERIT( NOT VALID)?$'
             JOIN lakemover.plan_constraint pc ON pc.source = c.source AND pc.constraint_id = pi.constraint_id AND NOT pc.exclude),
       i.is_validated,
       CASE WHEN r.reason IS NULL THEN f.head || f.tail END,
       r.reason
  FROM lakemover.plan_constraint c
  JOIN lakemover.inv_constraint i USING (source, constraint_id)
  JOIN lakemover._planned_table t ON t.source = c.source AND t.table_id = c.table_id
  LEFT JOIN lakemover.plan_table rt ON rt.source = c.source AND rt.table_id = i.ref_table_id
  LEFT JOIN lakemover.plan_unmoved n ON n.source = c.source AND n.class = 'constraint' AND n.object_id = c.constraint_id
 CROSS JOIN LATERAL (
       -- of a foreign key: the text behind the referenced columns, else the whole definition
       SELECT regexp_replace(CASE WHEN c.kind = 'f' THEN lakemover._foreign_key_tail(i.definition) ELSE i.definition END,
                             ' NOT VALID$', '') AS text) d
  LEFT JOIN lakemover._changed_table changed ON changed.source = c.source AND changed.table_id = c.table_id
 CROSS JOIN LATERAL lakemover._target_expression(c.source, c.table_id,
                        CASE WHEN changed.table_id IS NOT NULL OR d.text ~ '::regclass' THEN d.text END, c.kind IN ('p', 'u', 'f')) e
 CROSS JOIN LATERAL (
       SELECT string_agg(pc.source_column, ', ') FILTER (WHERE pc.exclude) AS excluded,
              string_agg(quote_ident(pc.target_column), ', ' ORDER BY k.no) AS targets
         FROM unnest(i.columns) WITH ORDINALITY k(name, no)
         JOIN lakemover.plan_column pc ON pc.source = c.source AND pc.table_id = c.table_id AND pc.source_column = k.name) own
 CROSS JOIN LATERAL (
       SELECT string_agg(pc.source_column, ', ') FILTER (WHERE pc.exclude) AS excluded,
              string_agg(quote_ident(pc.target_column), ', ' ORDER BY k.no) AS targets
         FROM unnest(i.ref_columns) WITH ORDINALITY k(name, no)
         JOIN lakemover.plan_column pc ON pc.source = c.source AND pc.table_id = i.ref_table_id AND pc.source_column = k.name) ref
 CROSS JOIN LATERAL (
       SELECT CASE WHEN c.kind <> 'f' THEN ''
                   WHEN rt.table_id IS NOT NULL THEN format('FOREIGN KEY (%s) REFERENCES %I.%I(%s)', own.targets,
                                                            rt.target_schema, rt.target_table, ref.targets) END AS head,
              CASE WHEN e.problem IS NULL THEN coalesce(e.sql, d.text) END AS tail) f
 CROSS JOIN LATERAL (
       SELECT CASE
           WHEN own.excluded IS NOT NULL THEN format('it uses the excluded column %s', own.excluded)
           WHEN c.kind = 'f' AND rt.table_id IS NULL THEN 'the referenced table is not in the plan'
           WHEN c.kind = 'f' AND rt.exclude THEN format('the referenced table %I.%I is excluded', rt.source_schema, rt.source_table)
           WHEN ref.excluded IS NOT NULL THEN format('it references the excluded column %s', ref.excluded)
           WHEN c.kind = 'f' AND (EXISTS (
                     SELECT FROM lakemover.inv_constraint ki JOIN lakemover.plan_constraint kc USING (source, constraint_id)
                      WHERE ki.source = c.source AND ki.table_id = i.ref_table_id AND ki.kind IN ('p', 'u')
                        AND ki.index_id = i.index_id AND kc.exclude)
                 OR EXISTS (SELECT FROM lakemover.plan_index ki
                             WHERE ki.source = c.source AND ki.index_id = i.index_id AND ki.exclude))
               THEN 'the key that it references is excluded'
           ELSE coalesce(e.problem, n.reason) END AS reason) r
 WHERE c.source = p_source AND NOT c.exclude
$$;
COMMENT ON FUNCTION lakemover._planned_constraints(name) IS 'constraints of the tables that move, in the target''s terms, and why some cannot move';

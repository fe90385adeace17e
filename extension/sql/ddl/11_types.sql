-- The checks of such a domain can be made only when the routines are there.
CREATE FUNCTION lakemover._type_calls(p_source name, p_type_id bigint) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM lakemover.inv_need n
                WHERE n.source = p_source AND n.class = 'type' AND n.object_id = p_type_id AND n.needs_class IN ('routine', 'operator') AND n.extension_name IS NULL)
$$;
COMMENT ON FUNCTION lakemover._type_calls(name, bigint) IS 'whether checks of a domain call routines of the source''s own';

-- The inventory's order puts a type behind those that it uses. Checks of a domain that are not valid on the source come
-- after the load, like those of tables; a row that breaks one could still not be copied, since values of a domain are always checked.
CREATE FUNCTION lakemover._ddl_types(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT NULL::bigint, d.kind, d.object, d.sql
  FROM (
    SELECT 0 AS no, 0 AS ordinal, 'collation' AS kind, c.name AS object, c.sql
      FROM lakemover._used_collations(p_source) c
    UNION ALL
    SELECT 0, 0, 'collation', n.name,
           format('CREATE COLLATION %s (provider = icu, locale = %L, deterministic = false)', n.name,
                  CASE WHEN n.name ~ 'accent_insensitive$' THEN 'und-u-ks-level1' ELSE 'und-u-ks-level2' END)
      FROM (SELECT DISTINCT c."collation" AS name FROM lakemover._planned_column c JOIN lakemover._planned_table t USING (source, table_id)
             WHERE c.source = p_source AND c.native_collation ~* '_CI_' AND c."collation" IS NOT NULL) n
    UNION ALL
    SELECT 1, t.ordinal,
           CASE t.kind WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'range' END,
           n.object,
           CASE t.kind
           WHEN 'e' THEN format('CREATE TYPE %s AS ENUM (%s)', n.object,
                (SELECT string_agg(quote_literal(l.label), ', ' ORDER BY l.no)
                   FROM jsonb_array_elements_text(t.definition -> 'labels') WITH ORDINALITY l(label, no)))
           WHEN 'd' THEN concat_ws(' ', format('CREATE DOMAIN %s AS %s', n.object, t.definition ->> 'base'),
                'COLLATE ' || (t.definition ->> 'collation'),
                'DEFAULT ' || (t.definition ->> 'default'),
                CASE WHEN (t.definition ->> 'not_null')::boolean THEN 'NOT NULL' END,
                (SELECT string_agg(format('CONSTRAINT %I %s', c.item ->> 'name', c.item ->> 'definition'), ' ' ORDER BY c.no)
                   FROM jsonb_array_elements(t.definition -> 'checks') WITH ORDINALITY c(item, no)
                  WHERE (c.item ->> 'validated')::boolean AND NOT lakemover._type_calls(p_source, t.type_id)))
           WHEN 'c' THEN format('CREATE TYPE %s AS (%s)', n.object,
                (SELECT string_agg(concat_ws(' ', quote_ident(a.item ->> 'name'), a.item ->> 'type',
                                             'COLLATE ' || (a.item ->> 'collation')), ', ' ORDER BY a.no)
                   FROM jsonb_array_elements(t.definition -> 'attributes') WITH ORDINALITY a(item, no)))
           ELSE format('CREATE TYPE %s AS RANGE (%s)', n.object, concat_ws(', ',
                'SUBTYPE = ' || (t.definition ->> 'subtype'),
                'SUBTYPE_OPCLASS = ' || (t.definition ->> 'opclass'),
                'COLLATION = ' || (t.definition ->> 'collation'),
                'CANONICAL = ' || (t.definition ->> 'canonical'),
                'SUBTYPE_DIFF = ' || (t.definition ->> 'subtype_diff'),
                'MULTIRANGE_TYPE_NAME = ' || quote_ident(t.schema_name) || '.' || quote_ident(t.definition ->> 'multirange')))
           END
      FROM lakemover.inv_type t
     CROSS JOIN LATERAL (SELECT format('%I.%I', t.schema_name, t.type_name) AS object) n
     WHERE t.source = p_source) d
 ORDER BY d.no, d.ordinal, d.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_types(name) IS 'statements that create collations, enums, domains, composite and range types, each behind those it needs';

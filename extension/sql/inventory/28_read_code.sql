-- Objects of tables out of scope stay out, wherever they are.
CREATE FUNCTION lakemover._read_code(p_source name, p_scope text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO lakemover.inv_code (source, kind, object_id, schema_name, object_name, table_id, facts, definition, comments)
    SELECT p_source, c.kind, c.object_id, c.schema_name, c.object_name, c.table_id, c.facts, c.definition, c.comments
      FROM lakemover._catalog(p_source, 'code')
           AS c(kind text, object_id bigint, schema_name text, object_name text, table_id bigint, table_schema text, table_name text,
                facts jsonb, definition text, comments jsonb)
     WHERE p_scope IS NULL OR coalesce(c.table_schema, c.schema_name) = ANY (p_scope);
    INSERT INTO lakemover.inv_need (source, class, object_id, part, needs_class, needs_id, needs_column, needs_name, extension_name)
    SELECT DISTINCT ON (c.class, c.object_id, c.part, c.needs_class, c.needs_id, c.needs_column)
           p_source, c.class, c.object_id, c.part, c.needs_class, c.needs_id, c.needs_column, c.needs_name, c.extension_name
      FROM lakemover._catalog(p_source, 'need')
           AS c(class text, object_id bigint, part int, needs_class text, needs_id bigint, needs_column int, needs_name text, extension_name text);
    INSERT INTO lakemover.inv_grant (source, class, object_id, part, grantee, privileges, grantable)
    SELECT p_source, c.*
      FROM lakemover._catalog(p_source, 'grant')
           AS c(class text, object_id bigint, part text, grantee text, privileges text[], grantable boolean);
    INSERT INTO lakemover.inv_owner (source, class, object_id, part, owner, is_home)
    SELECT p_source, c.*
      FROM lakemover._catalog(p_source, 'owner') AS c(class text, object_id bigint, part text, owner text, is_home boolean);
    PERFORM lakemover._analyze('inv_code');
    PERFORM lakemover._analyze('inv_need');
END
$$;
COMMENT ON FUNCTION lakemover._read_code(name, text[]) IS 'the part of lakemover.inventory() about objects beside tables, what they need, privileges and owners';

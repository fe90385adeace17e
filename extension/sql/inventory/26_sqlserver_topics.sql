-- The catalog views that are read of a SQL Server source. The columns are those of the queries in
-- extension/src/source/odbc/catalog.cpp; without an indispensable one nothing can be said.
CREATE FUNCTION lakemover._sqlserver_topics()
RETURNS TABLE (topic text, columns text, indispensable boolean)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
VALUES
    ('mssql_database', 'version text, edition text, engine_edition int, name text, coll text,
     compatibility_level int, snapshot_isolation int, read_committed_snapshot int, read_only int, database_snapshot int', true),
    ('mssql_schema', 'schema_id bigint, name text', true),
    ('mssql_table', 'table_id bigint, schema_id bigint, name text, memory_optimized int, temporal_type int', true),
    ('mssql_permission', 'table_id bigint, can_select int', false),
    ('mssql_column', 'table_id bigint, ordinal int, name text, type_name text, user_defined int,
     base_name text, max_length int, "precision" int, scale int, coll text, nullable int, is_identity int, computed int,
     filestream int, sparse int', true),
    ('mssql_identity', 'table_id bigint, ordinal int, seed numeric, increment numeric, last_value numeric', false),
    ('mssql_computed', 'table_id bigint, ordinal int, definition text, persisted int', false),
    ('mssql_default', 'table_id bigint, ordinal int, name text, definition text', false),
    ('mssql_index', 'table_id bigint, index_no int, name text, type int, type_desc text, is_unique int,
     is_primary int, is_constraint int, disabled int, hypothetical int, filter text', true),
    ('mssql_index_column', 'table_id bigint, index_no int, column_no int, ordinal int, key_ordinal int,
     descending int, included int', true),
    ('mssql_key', 'constraint_id bigint, table_id bigint, name text, type text, index_no int', true),
    ('mssql_check', 'constraint_id bigint, table_id bigint, name text, definition text, disabled int, untrusted int', false),
    ('mssql_foreign_key', 'constraint_id bigint, table_id bigint, ref_table_id bigint, name text, on_delete int,
     on_update int, disabled int, untrusted int, index_no int', true),
    ('mssql_foreign_key_column', 'constraint_id bigint, column_no int, ordinal int, ref_ordinal int', true),
    ('mssql_sequence', 'sequence_id bigint, schema_id bigint, name text, type_name text, start_value numeric,
     increment numeric, min_value numeric, max_value numeric, cycles int, cache_size int, current_value numeric, last_used numeric, knows_last_used int', false),
    ('mssql_module', 'object_id bigint, type text, schema_id bigint, name text, parent_id bigint, definition text', false),
    ('mssql_trigger', 'object_id bigint, disabled int, instead_of int', false),
    ('mssql_synonym', 'object_id bigint, schema_id bigint, name text, base_object text', false),
    ('mssql_rows', 'table_id bigint, row_count bigint, partitions int', false),
    ('mssql_pages', 'table_id bigint, index_no int, pages bigint, row_count bigint', false),
    ('mssql_property', 'class int, major_id bigint, minor_id int, value text', false),
    ('mssql_feature', 'table_id bigint, filetable int, is_external int, node int, edge int', false),
    ('mssql_fulltext', 'table_id bigint', false),
    ('mssql_row_filter', 'table_id bigint, enabled int, policy text', false),
    ('mssql_masked', 'table_id bigint, ordinal int', false),
    ('mssql_encrypted', 'table_id bigint, ordinal int', false),
    ('mssql_reader', 'any_definition int, definition int, unmask int', false),
    ('mssql_operation', 'published int, merge_published int, subscribed int, cdc int, broker int, encrypted int, auto_close int, trustworthy int', false),
    ('mssql_user', 'principal_id int, name text, type text, type_desc text, fixed_role int', false),
    ('mssql_member', 'role_id int, member_id int', false),
    ('mssql_grant', 'class int, major_id bigint, grantee_id int, permission text, state text', false),
    ('mssql_certificate', 'id int, name text', false),
    ('mssql_symmetric_key', 'id int, name text', false),
    ('mssql_assembly', 'id int, name text, permission_set text', false),
    ('mssql_login', 'principal_id int, name text, type_desc text, disabled int', false),
    ('mssql_linked_server', 'server_id int, name text, product text, provider text', false),
    ('mssql_job', 'name text, enabled int', false),
    ('mssql_mail_profile', 'name text', false)
$$;
COMMENT ON FUNCTION lakemover._sqlserver_topics() IS 'the catalog views that are read of a SQL Server source, with their columns';

-- Everything of an assessment that is not a finding, as it was when it was taken. docs/assessment.md has the shape.
CREATE FUNCTION lakemover._assessment_summary(p_source name)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, t.kind, t.parent_id, NULLIF(t.row_estimate, -1) AS row_estimate,
               t.table_bytes, t.index_bytes, r.root_id
          FROM lakemover.inv_table t JOIN lakemover._partition_root(p_source) r ON r.table_id = t.table_id
         WHERE t.source = p_source
    ), tree AS MATERIALIZED (
        SELECT root.table_id, root.schema_name, root.table_name, sum(t.table_bytes) AS table_bytes, sum(t.index_bytes) AS index_bytes,
               sum(t.row_estimate) FILTER (WHERE t.kind = 'r') AS row_estimate,
               count(*) FILTER (WHERE t.kind = 'r' AND t.table_id <> root.table_id) AS partitions
          FROM tables t JOIN tables root ON root.table_id = t.root_id
         GROUP BY root.table_id, root.schema_name, root.table_name
    ), largest AS (
        SELECT b.* FROM tree b ORDER BY b.table_bytes DESC NULLS LAST, b.schema_name COLLATE "C", b.table_name COLLATE "C" LIMIT 20
    ), ordered AS MATERIALIZED (
        SELECT o.* FROM lakemover.load_order(p_source) WITH ORDINALITY o(table_id, schema_name, table_name, load_rank, cycle, no)
    ), constraints AS (
        SELECT c.kind, count(*) AS n FROM lakemover.inv_constraint c
         WHERE c.source = p_source AND c.parent_id IS NULL AND (c.is_local OR c.kind <> 'c') GROUP BY c.kind
    )
    SELECT jsonb_build_object(
        'source', (SELECT jsonb_build_object('engine', i.engine, 'identity', i.identity, 'version', i.version,
                                             'version_num', i.version_num, 'database', i.dbname, 'encoding', i.encoding,
                                             'collation', i."collation", 'size_bytes', i.size_bytes, 'settings', i.settings,
                                             'inventory_seconds', round(i.seconds::numeric, 3),
                                             'scope', (SELECT coalesce(jsonb_agg(s.schema_name ORDER BY s.schema_name), '[]')
                                                         FROM lakemover.source_scope s WHERE s.source = p_source))
                     FROM lakemover.source_info i WHERE i.source = p_source),
        'inventory', jsonb_build_object(
            'counts', jsonb_build_object(
                'schemas', (SELECT count(*) FROM lakemover.inv_schema s WHERE s.source = p_source),
                'tables', (SELECT count(*) FROM tree),
                'partitioned_tables', (SELECT count(*) FROM tables t WHERE t.kind = 'p' AND t.root_id = t.table_id),
                'partitions', (SELECT coalesce(sum(t.partitions), 0) FROM tree t),
                'columns', (SELECT count(*) FROM lakemover.inv_column c JOIN tree USING (table_id) WHERE c.source = p_source),
                'primary_keys', (SELECT coalesce(sum(n), 0) FROM constraints WHERE kind = 'p'),
                'unique_constraints', (SELECT coalesce(sum(n), 0) FROM constraints WHERE kind = 'u'),
                'check_constraints', (SELECT coalesce(sum(n), 0) FROM constraints WHERE kind = 'c'),
                'exclusion_constraints', (SELECT coalesce(sum(n), 0) FROM constraints WHERE kind = 'x'),
                'foreign_keys', (SELECT coalesce(sum(n), 0) FROM constraints WHERE kind = 'f'),
                'indexes', (SELECT count(*) FROM lakemover.inv_index x WHERE x.source = p_source AND x.parent_id IS NULL),
                'sequences', (SELECT count(*) FROM lakemover.inv_sequence q WHERE q.source = p_source),
                'types', (SELECT count(*) FROM lakemover.inv_type y WHERE y.source = p_source),
                'routines', (SELECT count(*) FROM lakemover.inv_routine r WHERE r.source = p_source),
                'triggers', (SELECT count(*) FROM lakemover.inv_trigger g WHERE g.source = p_source),
                'views', (SELECT count(*) FROM lakemover.inv_view v WHERE v.source = p_source AND v.kind = 'v'),
                'materialized_views', (SELECT count(*) FROM lakemover.inv_view v WHERE v.source = p_source AND v.kind = 'm'),
                'foreign_tables', (SELECT count(*) FROM lakemover.inv_view v WHERE v.source = p_source AND v.kind = 'f'),
                'other_objects', (SELECT count(*) FROM lakemover.inv_object o WHERE o.source = p_source),
                'extensions', (SELECT count(*) FROM lakemover.inv_extension e WHERE e.source = p_source)),
            'row_estimate', (SELECT sum(t.row_estimate) FROM tree t),
            'table_bytes', (SELECT coalesce(sum(t.table_bytes), 0) FROM tree t),
            'index_bytes', (SELECT coalesce(sum(t.index_bytes), 0) FROM tree t),
            'schemas', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', s.schema_name, 'tables', s.tables, 'row_estimate', s.row_estimate,
                                                                    'table_bytes', s.table_bytes, 'index_bytes', s.index_bytes)
                                                  ORDER BY s.schema_name COLLATE "C"), '[]')
                          FROM (SELECT n.schema_name, count(t.table_id) AS tables, sum(t.row_estimate) AS row_estimate,
                                       coalesce(sum(t.table_bytes), 0) AS table_bytes, coalesce(sum(t.index_bytes), 0) AS index_bytes
                                  FROM lakemover.inv_schema n LEFT JOIN tree t ON t.schema_name = n.schema_name
                                 WHERE n.source = p_source GROUP BY n.schema_name) s),
            'extensions', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', e.extension_name, 'version', e.version, 'schema', e.schema_name)
                                                     ORDER BY e.extension_name), '[]')
                             FROM lakemover.inv_extension e WHERE e.source = p_source),
            'largest_tables', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                       'schema', l.schema_name, 'table', l.table_name, 'row_estimate', l.row_estimate,
                                       'table_bytes', l.table_bytes, 'index_bytes', l.index_bytes, 'partitions', l.partitions,
                                       'columns', (SELECT count(*) FROM lakemover.inv_column c WHERE c.source = p_source AND c.table_id = l.table_id),
                                       'primary_key', EXISTS (SELECT FROM lakemover.inv_constraint c
                                                               WHERE c.source = p_source AND c.table_id = l.table_id AND c.kind = 'p'))
                                       ORDER BY l.table_bytes DESC NULLS LAST, l.schema_name COLLATE "C", l.table_name COLLATE "C"), '[]')
                                 FROM largest l)),
        'load_order', jsonb_build_object(
            'ranks', (SELECT coalesce(max(o.load_rank) + 1, 0) FROM ordered o),
            'tables', (SELECT coalesce(jsonb_agg(jsonb_build_object('table_id', o.table_id, 'schema', o.schema_name, 'table', o.table_name,
                                                                   'rank', o.load_rank, 'cycle', o.cycle) ORDER BY o.no), '[]') FROM ordered o),
            'cycles', (SELECT coalesce(jsonb_agg(jsonb_build_object('cycle', y.cycle, 'tables', y.tables, 'foreign_keys', y.foreign_keys)
                                                 ORDER BY y.cycle), '[]') FROM lakemover._load_cycle(p_source) y
                         WHERE EXISTS (SELECT FROM ordered o WHERE o.cycle IS NOT NULL)),
            'critical_path', (SELECT jsonb_build_object('bytes', coalesce(sum(x.bytes), 0),
                                                        'tables', coalesce(jsonb_agg(jsonb_build_object('place', x.place, 'schema', x.schema_name, 'table', x.table_name, 'rank', x.load_rank,
                                                                                                        'cycle', x.cycle, 'bytes', x.bytes) ORDER BY x.no), '[]'))
                                FROM lakemover.critical_path(p_source) WITH ORDINALITY x(place, table_id, schema_name, table_name, load_rank, cycle, bytes, no))),
        'plan', jsonb_build_object(
            'exists', EXISTS (SELECT FROM lakemover.plan p WHERE p.source = p_source),
            'profile', (SELECT p.profile FROM lakemover.plan p WHERE p.source = p_source),
            'excluded_tables', (SELECT count(*) FROM lakemover.plan_table p WHERE p.source = p_source AND p.exclude),
            'renamed_tables', (SELECT count(*) FROM lakemover.plan_table p WHERE p.source = p_source AND NOT p.exclude
                                  AND (p.target_schema, p.target_table) <> (p.source_schema, p.source_table)),
            'kept_quoted_tables', (SELECT count(*) FROM lakemover.plan_table p WHERE p.source = p_source AND NOT p.exclude AND p.keep_quoted)),
        'data_look', (SELECT jsonb_build_object('mode', d.mode, 'rows', d.row_limit, 'budget_seconds', d.budget, 'redacted', d.redacted,
                                                'looks', d.looks, 'looks_done', d.looks_done, 'seconds', round(d.seconds::numeric, 3),
                                                'rows_looked_at', (SELECT coalesce(sum(n.looked), 0)
                                                                     FROM (SELECT max(b.looked) AS looked FROM lakemover.data_probe b
                                                                            WHERE b.source = p_source GROUP BY b.probe_no) n))
                        FROM lakemover.data_look d WHERE d.source = p_source),
        'disabled', (SELECT coalesce(jsonb_agg(c.check_id ORDER BY c.ordinal), '[]') FROM lakemover.check c WHERE NOT c.enabled),
        'not_checked', (SELECT coalesce(jsonb_agg(n.check_id), '[]')
                          FROM (SELECT 'missing_extension' AS check_id
                                 WHERE NOT EXISTS (SELECT FROM lakemover.target_fact f WHERE f.name LIKE 'extension:%')
                                   AND EXISTS (SELECT FROM lakemover.inv_extension e WHERE e.source = p_source AND e.extension_name <> 'plpgsql')
                                UNION ALL
                                SELECT m.check_id
                                  FROM (VALUES ('target_version', 'server_version_num'), ('target_privilege', 'can_create'), ('target_connections', 'max_connections'),
                                               ('target_tls', 'sslmode'), ('target_latency', 'connect_seconds'), ('target_role', 'is_superuser')) m(check_id, fact)
                                 WHERE NOT EXISTS (SELECT FROM lakemover.target_fact f WHERE f.name = m.fact)
                                UNION ALL
                                SELECT DISTINCT m.check_id
                                  FROM (VALUES ('principal', 'mssql_login'), ('principal', 'mssql_user'), ('grant', 'mssql_grant'), ('scheduled_job', 'mssql_job'), ('mail', 'mssql_mail_profile'),
                                               ('certificate', 'mssql_certificate'), ('certificate', 'mssql_symmetric_key'), ('replication', 'mssql_operation'),
                                               ('linked_server', 'mssql_linked_server'), ('clr', 'mssql_assembly'), ('full_text', 'mssql_fulltext'), ('graph', 'mssql_feature'),
                                               ('external_table', 'mssql_feature'), ('hidden_rows', 'mssql_row_filter'), ('hidden_values', 'mssql_masked'), ('hidden_values', 'mssql_encrypted')) m(check_id, topic)
                                  JOIN lakemover.inv_unreadable u ON u.source = p_source AND u.topic = m.topic
                                UNION ALL
                                SELECT c.check_id FROM lakemover.check c
                                 WHERE c.check_id LIKE 'data\_%' AND NOT EXISTS (SELECT FROM lakemover.data_look d WHERE d.source = p_source AND d.mode <> 'off')) n))
$$;
COMMENT ON FUNCTION lakemover._assessment_summary(name) IS 'source, inventory, load order and plan as an assessment stores them';

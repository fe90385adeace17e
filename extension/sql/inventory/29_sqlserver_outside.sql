-- Of a SQL Server source: what its tables use that PostgreSQL does not have, and what belongs to the server.
CREATE FUNCTION lakemover._transform_sqlserver_features(p_source name)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO lakemover.inv_feature (source, feature, table_id, ordinal, detail)
    SELECT DISTINCT p_source, x.feature, x.table_id, x.ordinal, x.detail
      FROM (SELECT 'graph' AS feature, f.table_id, 0 AS ordinal, CASE WHEN f.node = 1 THEN 'node' ELSE 'edge' END AS detail
              FROM pg_temp.mssql_feature f WHERE f.node = 1 OR f.edge = 1
            UNION ALL SELECT 'filetable', f.table_id, 0, '' FROM pg_temp.mssql_feature f WHERE f.filetable = 1
            UNION ALL SELECT 'external', f.table_id, 0, '' FROM pg_temp.mssql_feature f WHERE f.is_external = 1
            UNION ALL SELECT 'full text', f.table_id, 0, '' FROM pg_temp.mssql_fulltext f
            UNION ALL SELECT 'row filter', f.table_id, 0, f.policy FROM pg_temp.mssql_row_filter f WHERE f.enabled = 1
            UNION ALL SELECT 'masked', f.table_id, f.ordinal, '' FROM pg_temp.mssql_masked f
                       WHERE NOT EXISTS (SELECT FROM pg_temp.mssql_reader r WHERE r.unmask = 1)
            UNION ALL SELECT 'encrypted', f.table_id, f.ordinal, '' FROM pg_temp.mssql_encrypted f
            UNION ALL SELECT 'filestream', c.table_id, c.ordinal, '' FROM pg_temp.mssql_column c WHERE c.filestream = 1) x
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = x.table_id)
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_features(name) IS 'features of SQL Server''s tables that PostgreSQL does not have';

-- Without what every server has: sa and the server's own logins, fixed roles, dbo, guest and the schemas'' own users.
CREATE FUNCTION lakemover._transform_sqlserver_outside(p_source name)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO lakemover.inv_outside (source, kind, item_no, name, detail)
    SELECT p_source, x.kind, row_number() OVER (PARTITION BY x.kind ORDER BY x.name COLLATE "C", x.detail COLLATE "C"), x.name, x.detail
      FROM (SELECT 'login' AS kind, l.name, lower(replace(l.type_desc, '_', ' ')) || CASE WHEN l.disabled = 1 THEN ', disabled' ELSE '' END AS detail
              FROM pg_temp.mssql_login l
             WHERE l.principal_id <> 1 AND l.name !~ '^##.*##$' AND l.name !~ '^NT (SERVICE|AUTHORITY)\\'
            UNION ALL
            SELECT 'user', u.name, lower(replace(u.type_desc, '_', ' ')) || coalesce('; member of ' || m.roles, '')
              FROM pg_temp.mssql_user u
              LEFT JOIN LATERAL (SELECT string_agg(r.name, ', ' ORDER BY r.name COLLATE "C") AS roles
                                   FROM pg_temp.mssql_member m JOIN pg_temp.mssql_user r ON r.principal_id = m.role_id
                                  WHERE m.member_id = u.principal_id) m ON true
             WHERE u.principal_id > 4 AND u.fixed_role = 0
            UNION ALL
            SELECT 'grant', u.name, format('%s permission(s): %s', count(*), string_agg(DISTINCT lower(g.state || ' ' || g.permission), ', '))
              FROM pg_temp.mssql_grant g JOIN pg_temp.mssql_user u ON u.principal_id = g.grantee_id
             WHERE g.major_id >= 0 AND NOT (g.class = 0 AND g.permission = 'CONNECT') AND u.fixed_role = 0 AND u.principal_id NOT BETWEEN 3 AND 4
               AND NOT (u.principal_id = 0 AND g.permission IN ('VIEW ANY COLUMN ENCRYPTION KEY DEFINITION', 'VIEW ANY COLUMN MASTER KEY DEFINITION'))
             GROUP BY u.name
            UNION ALL SELECT 'scheduled job', j.name, CASE WHEN j.enabled = 1 THEN 'enabled' ELSE 'disabled' END FROM pg_temp.mssql_job j
            UNION ALL SELECT 'linked server', s.name, concat_ws(', ', NULLIF(s.product, ''), s.provider) FROM pg_temp.mssql_linked_server s
            UNION ALL SELECT 'mail profile', m.name, NULL FROM pg_temp.mssql_mail_profile m
            UNION ALL SELECT 'certificate', c.name, NULL FROM pg_temp.mssql_certificate c WHERE c.name !~ '^##.*##$'
            UNION ALL SELECT 'symmetric key', k.name, NULL FROM pg_temp.mssql_symmetric_key k WHERE k.name !~ '^##.*##$'
            UNION ALL SELECT 'assembly', a.name, lower(replace(a.permission_set, '_', ' ')) FROM pg_temp.mssql_assembly a
            UNION ALL
            SELECT 'replication', v.name, NULL
              FROM pg_temp.mssql_operation o
             CROSS JOIN LATERAL (VALUES ('publication', o.published), ('merge publication', o.merge_published), ('subscription', o.subscribed),
                                        ('change data capture', o.cdc)) v(name, used) WHERE v.used = 1) x
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_outside(name) IS 'logins, users, permissions, jobs, linked servers, mail, keys of a SQL Server source: listed, not moved';

-- What does not move by itself. One finding per kind: a server may have thousands of logins.
CREATE FUNCTION lakemover._check_outside(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH info AS MATERIALIZED (
        SELECT i.engine, i.dbname, i.settings FROM lakemover.source_info i WHERE i.source = p_source
    ), kinds (kind, check_id, severity, words) AS (
        VALUES ('login', 'principal', NULL, 'login(s)'), ('user', 'principal', NULL, 'user(s) and role(s) of the database'), ('role', 'principal', NULL, 'role(s)'),
               ('user mapping', 'principal', NULL, 'user mapping(s) of foreign servers'),
               ('grant', 'grant', NULL, 'user(s) and role(s) with permissions'), ('default privilege', 'grant', NULL, 'set(s) of default privileges'),
               ('scheduled job', 'scheduled_job', NULL, 'scheduled job(s)'), ('linked server', 'linked_server', NULL, 'linked server(s)'),
               ('mail profile', 'mail', NULL, 'mail profile(s)'), ('certificate', 'certificate', NULL, 'certificate(s)'), ('symmetric key', 'certificate', NULL, 'symmetric key(s)'),
               ('replication', 'replication', NULL, 'kind(s) of replication in use'), ('subscription', 'replication', NULL, 'subscription(s)'),
               ('replication slot', 'replication', NULL, 'replication slot(s)'),
               ('setting', 'source_setting', NULL, 'setting(s) of the database and of roles')
    ), counted AS (
        SELECT k.check_id, k.severity, k.kind, k.words, count(*) AS n,
               jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', o.name, 'detail', NULLIF(o.detail, ''))) ORDER BY o.item_no) FILTER (WHERE o.item_no <= 50) AS some,
               string_agg(o.name, ', ' ORDER BY o.item_no) FILTER (WHERE o.item_no <= 5) AS names
          FROM lakemover.inv_outside o JOIN kinds k USING (kind)
         WHERE o.source = p_source GROUP BY k.check_id, k.severity, k.kind, k.words
    ), named AS (
        -- Four-part names, and names after OPENQUERY and its like: what code and synonyms of SQL Server say of other servers.
        SELECT o.schema_name, o.object_name, 'synonym' AS what, o.definition AS text FROM lakemover.inv_object o WHERE o.source = p_source AND o.kind = 'synonym'
        UNION ALL
        SELECT r.schema_name, r.routine_name, 'routine', r.definition FROM lakemover.inv_routine r WHERE r.source = p_source
        UNION ALL
        SELECT v.schema_name, v.view_name, 'view', v.definition FROM lakemover.inv_view v WHERE v.source = p_source
    )
    SELECT c.check_id, c.severity, NULL::text, NULL::text, NULL::text,
           format('%s %s: not moved: %s%s%s', c.n, c.words, c.names, CASE WHEN c.n > 5 THEN format(' and %s more', c.n - 5) ELSE '' END,
                  CASE WHEN c.kind = 'login' AND info.engine <> 'postgres' AND NOT coalesce((info.settings ->> 'sees_all_logins')::boolean, false)
                            THEN '; without VIEW ANY DEFINITION the user may not see all of them'
                       WHEN c.kind IN ('user', 'grant') AND info.engine <> 'postgres' AND NOT coalesce((info.settings ->> 'sees_all_users')::boolean, false)
                            THEN '; without VIEW DEFINITION the user may not see all of them' ELSE '' END),
           jsonb_build_object('kind', c.kind, 'count', c.n, 'some', c.some), NULL::text
      FROM counted c, info
    UNION ALL
    SELECT 'linked_server', NULL, n.schema_name, n.object_name, NULL, format('%s %I.%I names the linked server %s', n.what, n.schema_name, n.object_name, s.name),
           jsonb_build_object('server', s.name, 'kind', n.what), NULL
      FROM named n
      JOIN lakemover.inv_outside s ON s.source = p_source AND s.kind = 'linked server'
     WHERE strpos(lower(n.text), lower(s.name)) > 0
       AND n.text ~* concat('(^|[^\w\]])', '(\[', regexp_replace(s.name, '([^\w])', '\\\1', 'g'), '\]|', regexp_replace(s.name, '([^\w])', '\\\1', 'g'), ')',
                            '\s*(\.[^.\s]*\.[^.\s]*\.|,)')
    UNION ALL
    SELECT 'linked_server', NULL, n.schema_name, n.object_name, NULL, format('%s %I.%I names %s, in another database', n.what, n.schema_name, n.object_name, n.text),
           jsonb_build_object('base_object', n.text, 'kind', n.what), NULL
      FROM named n, info
     WHERE n.what = 'synonym' AND n.text ~ '^\[[^]]+\]\.\[[^]]*\]\.\[[^]]+\]$' AND n.text NOT LIKE format('[%s].%%', info.dbname)
    UNION ALL
    SELECT 'source_setting', CASE v.weighs WHEN true THEN 'WARNING' END, NULL, NULL, NULL, v.message, jsonb_build_object('setting', v.name, 'value', v.value), NULL
      FROM info
     CROSS JOIN LATERAL (VALUES
           ('wal_level', info.settings ->> 'wal_level', false, info.settings ->> 'wal_level' <> 'logical',
            format('wal_level is %s: changes after the snapshot cannot be captured by logical decoding; a run moves the state of one moment', info.settings ->> 'wal_level')),
           ('hot_standby_feedback', info.settings ->> 'hot_standby_feedback', true,
            (info.settings ->> 'in_recovery')::boolean AND NOT (info.settings ->> 'hot_standby_feedback')::boolean AND info.settings ->> 'max_standby_streaming_delay' <> '-1',
            format('the source is a standby without hot_standby_feedback: after %s (max_standby_streaming_delay) the primary''s vacuum may cancel the snapshot',
                   info.settings ->> 'max_standby_streaming_delay')),
           ('old_snapshot_threshold', info.settings ->> 'old_snapshot_threshold', true, coalesce(info.settings ->> 'old_snapshot_threshold', '-1') <> '-1',
            format('old_snapshot_threshold is %s: a snapshot older than that is refused', info.settings ->> 'old_snapshot_threshold')),
           ('track_counts', info.settings ->> 'track_counts', false, NOT (info.settings ->> 'track_counts')::boolean,
            'track_counts is off: whether somebody wrote since the snapshot cannot be told by counters'),
           ('schema_changed', info.settings ->> 'schema_changed', true, (info.settings ->> 'schema_changed')::boolean,
            'tables came, went or changed each time that the catalogs were read: what is said of them may be of different moments; assess again in a quiet hour'),
           ('auto_close', info.settings ->> 'auto_close', true, (info.settings ->> 'auto_close')::boolean,
            'AUTO_CLOSE is on: the database is opened anew for each first connection'),
           ('encrypted', info.settings ->> 'encrypted', false, (info.settings ->> 'encrypted')::boolean,
            'the database''s files are encrypted (TDE): rows are read decrypted, the target''s storage has encryption of its own')) v(name, value, weighs, holds, message)
     WHERE v.holds
     ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION lakemover._check_outside(name) IS 'checks principal, grant, scheduled_job, linked_server, mail, certificate, replication and source_setting: what does not move by itself';

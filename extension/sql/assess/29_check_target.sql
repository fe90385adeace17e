-- What the loader found out about the target. A fact that is missing gives no finding: the check is then "not checked".
CREATE FUNCTION lakemover._check_target(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH facts AS MATERIALIZED (
        SELECT coalesce(jsonb_object_agg(f.name, f.value), '{}') AS f FROM lakemover.target_fact f WHERE f.name NOT LIKE 'extension:%'
    ), v AS MATERIALIZED (
        SELECT (f ->> 'server_version_num')::int AS version, f ->> 'server_version' AS version_text, f ->> 'encoding' AS encoding, (f ->> 'in_recovery')::boolean AS in_recovery,
               (f ->> 'can_create')::boolean AS can_create, f ->> 'role' AS role, f ->> 'database' AS database, (f ->> 'is_superuser')::boolean AS is_superuser,
               (f ->> 'max_connections')::int AS max_connections, (f ->> 'connections_used')::int AS connections_used,
               f ->> 'tls' AS tls, f ->> 'sslmode' AS sslmode, (f ->> 'connect_seconds')::numeric AS connect_seconds
          FROM facts
    )
    SELECT 'target_version', CASE WHEN v.version < 150000 THEN NULL WHEN v.version < 160000 OR v.version >= 180000 THEN 'WARNING' ELSE 'INFO' END, NULL::text, NULL::text, NULL::text,
           format('the target is PostgreSQL %s%s', v.version_text,
                  CASE WHEN v.version < 150000 THEN ', which lakemover cannot write to' WHEN v.version < 160000 THEN ', which is meant for tests only'
                       WHEN v.version >= 180000 THEN ', newer than what lakemover was tried with' ELSE '' END),
           jsonb_build_object('server_version_num', v.version), NULL::text
      FROM v WHERE v.version IS NOT NULL
    UNION ALL
    SELECT 'target_version', NULL, NULL, NULL, NULL, format('the target database is encoded in %s, not in UTF8', v.encoding), jsonb_build_object('encoding', v.encoding), NULL
      FROM v WHERE v.encoding <> 'UTF8'
    UNION ALL
    SELECT 'target_version', NULL, NULL, NULL, NULL, 'the target is a read-only standby', jsonb_build_object('in_recovery', true), NULL
      FROM v WHERE v.in_recovery
    UNION ALL
    SELECT 'target_privilege', NULL, NULL, NULL, NULL, format('role %I may not create schemas in database %I of the target', v.role, v.database), jsonb_build_object('role', v.role),
           format('/* on the target */ GRANT CREATE ON DATABASE %I TO %I;', v.database, v.role)
      FROM v WHERE NOT v.can_create
    UNION ALL
    -- Two workers and the sessions beside them are the least that a run takes; three are reserved for superusers.
    SELECT 'target_connections', CASE WHEN v.max_connections - 3 - v.connections_used >= 12 THEN 'INFO' END, NULL, NULL, NULL,
           CASE WHEN v.max_connections - 3 - v.connections_used >= 12 THEN 'the target has 12 free connections or more' ELSE 'the target has fewer than 12 free connections: fewer workers load' END,
           jsonb_build_object('max_connections', v.max_connections, 'used', v.connections_used), NULL
      FROM v WHERE v.max_connections IS NOT NULL AND v.connections_used IS NOT NULL
    UNION ALL
    SELECT 'target_tls', CASE WHEN v.sslmode = 'verify-full' THEN 'INFO' END, NULL, NULL, NULL,
           format('the connection to the target is encrypted with %s; %s', v.tls,
                  CASE v.sslmode WHEN 'verify-full' THEN 'its certificate and name are checked' WHEN 'verify-ca' THEN 'its certificate is checked, its name is not'
                                 ELSE format('with sslmode %s nobody checks whose certificate it is', v.sslmode) END),
           jsonb_build_object('tls', v.tls, 'sslmode', v.sslmode), NULL
      FROM v WHERE v.sslmode IS NOT NULL
    UNION ALL
    SELECT 'target_latency', CASE WHEN v.connect_seconds < 1 THEN 'INFO' END, NULL, NULL, NULL,
           CASE WHEN v.connect_seconds < 1 THEN 'connecting to the target takes less than a second' ELSE 'connecting to the target takes a second or more' END,
           jsonb_build_object('connect_seconds', v.connect_seconds), NULL
      FROM v WHERE v.connect_seconds IS NOT NULL
    UNION ALL
    SELECT 'target_role', NULL, NULL, NULL, NULL,
           CASE WHEN v.is_superuser THEN format('role %I of the target is a superuser, which a migration does not need', v.role)
                ELSE format('role %I of the target is no superuser: event triggers, untrusted languages and untrusted extensions are created by somebody else, if at all', v.role) END,
           jsonb_build_object('role', v.role, 'superuser', v.is_superuser), NULL
      FROM v WHERE v.is_superuser IS NOT NULL
$$;
COMMENT ON FUNCTION lakemover._check_target(name) IS 'checks of the target, from lakemover.target_fact';

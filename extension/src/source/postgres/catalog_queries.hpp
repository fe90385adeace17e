// The texts of the catalog queries; catalog.cpp expands their $fragments. Pure zone, no code.
// The session's search_path is empty, so pg_get_*def and format_type qualify every user object.
// What a server version lacks is read as to_jsonb(row) ->> 'column', which is null there: one text
// serves 12 to 17.
#pragma once
#include <string_view>

namespace lakemover::source::catalog {

// What tells later whether anybody wrote: where the log is, and each table's counters of writes and its file, which
// TRUNCATE and rewrites change. At least one row.
inline constexpr std::string_view kActivity =
    R"sql(SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text,
       pg_is_in_recovery(), b.stats_reset::text, pg_postmaster_start_time()::text,
       s.relid::bigint, s.n_tup_ins, s.n_tup_upd, s.n_tup_del, c.relfilenode::bigint
  FROM pg_stat_database b
  LEFT JOIN (pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid) ON true
 WHERE b.datname = current_database())sql";

inline constexpr std::string_view kSourceInfo =
    R"sql(SELECT COALESCE(substring(s.row FROM '<i>([0-9]+)</i>'), host(inet_server_addr()) || ':' || inet_server_port(), 'local')
           || '/' || current_database(),
       version(),
       current_setting('server_version_num')::int,
       current_database(),
       pg_encoding_to_char(b.encoding),
       b.datcollate,
       CASE WHEN has_database_privilege(b.oid, 'CONNECT') THEN pg_database_size(b.oid) END,
       jsonb_build_object(
           'username', current_user,
           'superuser', r.rolsuper,
           'bypass_rls', r.rolsuper OR r.rolbypassrls,
           'in_recovery', pg_is_in_recovery(),
           'block_size', current_setting('block_size')::int,
           'server_version', current_setting('server_version'),
           'time_zone', current_setting('TimeZone'),
           'lc_monetary', current_setting('lc_monetary'),
           'lc_collate', b.datcollate,
           'lc_ctype', b.datctype,
           'locale_provider', COALESCE(to_jsonb(b) ->> 'datlocprovider', 'c'),
           'locale', COALESCE(to_jsonb(b) ->> 'datlocale', to_jsonb(b) ->> 'daticulocale'),
           'wal_level', current_setting('wal_level'),
           'hot_standby_feedback', current_setting('hot_standby_feedback')::boolean,
           'max_standby_streaming_delay', current_setting('max_standby_streaming_delay'),
           'old_snapshot_threshold', current_setting('old_snapshot_threshold', true),
           'track_counts', current_setting('track_counts')::boolean,
           -- of the primary only, where there is such a view (14 and newer): a text that names it fails before
           'wal_bytes', substring(w.row FROM '<b>([0-9]+)</b>')::numeric,
           'wal_seconds', substring(w.row FROM '<s>([0-9]+)')::numeric,
           'max_locks', current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int,
           'grants', (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE c.relacl IS NOT NULL AND $user_schema(n) AND $own(pg_class, c.oid)),
           'large_objects', (SELECT count(*) FROM (SELECT 1 FROM pg_largeobject_metadata LIMIT 1000000) l),
           'unreadable_large_objects', (SELECT jsonb_build_object('count', count(*), 'first', (array_agg(l.oid::bigint ORDER BY l.oid))[:10])
                                          FROM (SELECT m.oid FROM pg_largeobject_metadata m WHERE NOT $lo_readable() LIMIT 1000000) l))
  FROM pg_database b, pg_roles r,
       -- as a text: a user without the privilege could not even plan the call
       (SELECT CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') THEN query_to_xml(
                    'SELECT system_identifier AS i FROM pg_control_system()', false, true, '')::text END) s(row),
       (SELECT CASE WHEN NOT pg_is_in_recovery() AND to_regclass('pg_catalog.pg_stat_wal') IS NOT NULL THEN query_to_xml(
                    'SELECT wal_bytes AS b, extract(epoch FROM now() - stats_reset)::bigint AS s FROM pg_stat_wal', false, true, '')::text END) w(row)
 WHERE b.datname = current_database() AND r.rolname = current_user)sql";

// What somebody has locked, or waits to lock, so that a definition or a size would wait: relations with who holds them, and
// what else needs those. Sequences are read with a lock of writers.
inline constexpr std::string_view kLock =
    R"sql(WITH held AS (
    SELECT DISTINCT ON (l.relation) l.relation, l.pid, a.application_name,
           extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds
      FROM pg_locks l JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.mode = 'AccessExclusiveLock'
            OR c.relkind = 'S' AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock'))
     ORDER BY l.relation, l.granted DESC, l.pid)
SELECT h.relation::bigint, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                                          WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'other' END,
       n.nspname, c.relname,
       concat('locked by session ', h.pid, ' (' || NULLIF(h.application_name, '') || ')', ' for ' || h.seconds || ' s')
  FROM held h JOIN pg_class c ON c.oid = h.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't'
UNION ALL
SELECT DISTINCT NULL::bigint, CASE v.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, n.nspname, v.relname,
       concat('uses ', h.relation::regclass)
  FROM held h
  JOIN pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = h.relation
       AND d.classid = 'pg_catalog.pg_rewrite'::regclass
  JOIN pg_rewrite w ON w.oid = d.objid
  JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
  JOIN pg_namespace n ON n.oid = v.relnamespace
 WHERE NOT EXISTS (SELECT 1 FROM held x WHERE x.relation = v.oid) AND $user_schema(n) AND $own(pg_class, v.oid)
UNION ALL
SELECT DISTINCT NULL::bigint, 'routine', n.nspname, p.proname, concat('uses ', h.relation::regclass)
  FROM held h
  JOIN pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = h.relation
       AND d.classid = 'pg_catalog.pg_proc'::regclass
  JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE $user_schema(n) AND $own(pg_proc, p.oid))sql";

// Differs when relations came, went, or got another name or more columns: each topic sees the catalogs at a moment of its own.
inline constexpr std::string_view kShape =
    R"sql(SELECT concat(count(*), ' ', sum(hashtextextended(concat_ws(' ', c.oid, c.relnamespace, c.relname, c.relnatts), 0)))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't' AND $user_schema(n))sql";

// The schema of an extension is kept when something else lives in it.
inline constexpr std::string_view kSchema =
    R"sql(SELECT n.nspname, pg_get_userbyid(n.nspowner), has_schema_privilege(n.oid, 'USAGE'), d.description
  FROM pg_namespace n
  $comment(pg_namespace, n.oid)
 WHERE $user_schema(n)
   AND (n.nspname = 'public'
        OR ($own(pg_namespace, n.oid) AND NOT EXISTS (SELECT 1 FROM pg_extension e WHERE e.extnamespace = n.oid))
        OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
                      AND $own(pg_class, c.oid))
        OR EXISTS (SELECT 1 FROM pg_type t WHERE t.typnamespace = n.oid AND t.typtype IN ('e', 'd', 'r')
                      AND $own(pg_type, t.oid))))sql";

// Emptiness without reading tables: a heap of no pages is empty. Where the statistics say 0 or
// nothing and the heap is small, the first row decides: at most 500 probes, so that their locks
// fit into any lock table. Tables whose rows a policy could hide are not probed. Two sizes per
// table: pg_table_size() would look at six files and more.
inline constexpr std::string_view kTable =
    R"sql(WITH $user_tables, $locked,
parent AS (
    SELECT i.inhrelid, array_agg(i.inhparent::bigint ORDER BY i.inhseqno) AS parents
      FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'p')
     GROUP BY i.inhrelid),
sized AS (
    SELECT rel.oid, rel.relkind, rel.reltuples, rel.nspname, rel.relname,
           h.heap,
           CASE WHEN locked.relation IS NULL AND h.heap > 0 THEN pg_relation_size(NULLIF(rel.reltoastrelid, 0)) END AS toast,
           has_schema_privilege(rel.relnamespace, 'USAGE')
               AND (has_table_privilege(rel.oid, 'SELECT')
                    OR NOT EXISTS (SELECT 1 FROM pg_attribute a
                                    WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
                                      AND NOT has_column_privilege(rel.oid, a.attnum, 'SELECT'))) AS readable,
           row_security_active(rel.oid) AS rls_applies,
           locked.relation IS NOT NULL AS is_locked,
           b.size AS block
      FROM rel LEFT JOIN locked ON locked.relation = rel.oid
     CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) b
     -- asked of the file system once a table
     CROSS JOIN LATERAL (SELECT CASE WHEN locked.relation IS NULL THEN pg_relation_size(rel.oid)
                                     ELSE rel.relpages * b.size END AS heap OFFSET 0) h),
probe AS (
    SELECT q.oid, query_to_xml(format('SELECT 1 AS r FROM ONLY %I.%I LIMIT 1', q.nspname, q.relname),
                               false, true, '')::text NOT LIKE '%<r>%' AS is_empty
      FROM (SELECT oid, nspname, relname FROM sized
             WHERE relkind = 'r' AND reltuples <= 0 AND heap > 0 AND heap <= 1024 * block
               AND readable AND NOT rls_applies AND NOT is_locked
             ORDER BY oid LIMIT 500) q)
SELECT rel.oid::bigint, rel.nspname, rel.relname, rel.relkind,
       CASE WHEN rel.relispartition THEN parent.parents[1] END,
       CASE WHEN rel.relkind = 'p' AND NOT s.is_locked THEN pg_get_partkeydef(rel.oid) END,
       CASE WHEN rel.relispartition AND NOT s.is_locked THEN pg_get_expr(rel.relpartbound, rel.oid) END,
       rel.relpersistence,
       CASE WHEN NOT rel.relispartition THEN parent.parents END,
       CASE WHEN rel.relkind = 'r' AND s.heap = 0 THEN 0
            WHEN rel.reltuples < 0 OR (rel.reltuples = 0 AND rel.relpages = 0) THEN -1
            ELSE rel.reltuples::bigint END,
       s.heap / s.block, s.heap + COALESCE(s.toast, 0),
       rel.relrowsecurity, s.rls_applies, s.readable,
       CASE WHEN rel.relkind <> 'r' THEN NULL WHEN s.heap = 0 AND NOT s.is_locked THEN true ELSE probe.is_empty END,
       d.description
  FROM rel JOIN sized s USING (oid)
  LEFT JOIN parent ON parent.inhrelid = rel.oid
  LEFT JOIN probe ON probe.oid = rel.oid
  $comment(pg_class, rel.oid))sql";

// codec: the name of the storage type, with one underscore per array level. A user's type that
// carries the name of a built-in one is qualified, so that nobody takes it for that.
inline constexpr std::string_view kColumn =
    R"sql(WITH RECURSIVE $user_tables, $locked,
used AS (
    SELECT DISTINCT a.atttypid AS root FROM pg_attribute a JOIN rel ON rel.oid = a.attrelid
     WHERE a.attnum > 0 AND NOT a.attisdropped),
$type_parts,
whole AS (
    SELECT p.root, bool_and(t.typsend <> 0 AND t.typreceive <> 0
                            AND NOT (t.typnamespace = 'pg_catalog'::regnamespace AND starts_with(t.typname, 'reg'))
                           ) AS binary_ok,
           min(e.extname) AS extension
      FROM part p JOIN pg_type t ON t.oid = p.typ
      LEFT JOIN pg_depend x ON x.classid = 'pg_catalog.pg_type'::regclass AND x.objid = t.oid AND x.deptype = 'e'
      LEFT JOIN pg_extension e ON e.oid = x.refobjid
     GROUP BY p.root),
storage AS (
    SELECT root, root AS typ, ''::text AS prefix, 0 AS step FROM used
    UNION ALL
    SELECT s.root, COALESCE(e.oid, t.typbasetype), s.prefix || CASE WHEN e.oid IS NULL THEN '' ELSE '_' END, s.step + 1
      FROM storage s JOIN pg_type t ON t.oid = s.typ
      LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
     WHERE t.typtype = 'd' OR e.oid IS NOT NULL),
codec AS (
    SELECT DISTINCT ON (s.root) s.root,
           s.prefix || CASE WHEN t.typtype = 'e' THEN 'enum' WHEN t.typtype = 'c' THEN 'record'
                            WHEN t.typnamespace <> 'pg_catalog'::regnamespace
                                 AND EXISTS (SELECT 1 FROM pg_type o WHERE o.typname = t.typname
                                                AND o.typnamespace = 'pg_catalog'::regnamespace)
                            THEN n.nspname || '.' || t.typname ELSE t.typname END AS codec
      FROM storage s JOIN pg_type t ON t.oid = s.typ JOIN pg_namespace n ON n.oid = t.typnamespace
     ORDER BY s.root, s.step DESC),
type AS (
    SELECT t.oid, t.typtype, t.typcollation, n.nspname, format_type(t.oid, NULL) AS base, codec.codec,
           whole.binary_ok, whole.extension
      FROM codec JOIN whole USING (root) JOIN pg_type t ON t.oid = codec.root
      JOIN pg_namespace n ON n.oid = t.typnamespace)
SELECT a.attrelid::bigint, a.attnum, a.attname,
       format_type(a.atttypid, a.atttypmod), type.base, a.atttypid::bigint, type.typtype, type.nspname, type.codec,
       a.attnotnull,
       pg_get_expr(def.adbin, def.adrelid), a.attidentity, a.attgenerated,
       CASE WHEN a.attcollation <> type.typcollation THEN $collation_name END,
       type.binary_ok, type.extension, a.attislocal, d.description
  FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid
  JOIN type ON type.oid = a.atttypid
  LEFT JOIN pg_attrdef def ON def.adrelid = a.attrelid AND def.adnum = a.attnum
  LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> type.typcollation
  LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
  LEFT JOIN pg_description d ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = a.attrelid
        AND d.objsubid = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND $free(rel.oid))sql";

inline constexpr std::string_view kConstraint =
    R"sql(WITH $user_tables, $locked
SELECT c.oid::bigint, c.conrelid::bigint, c.conname, c.contype,
       ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY k(num, pos)
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.pos),
       NULLIF(c.confrelid, 0)::bigint,
       CASE WHEN c.contype = 'f' THEN
            ARRAY(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY k(num, pos)
                    JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num ORDER BY k.pos) END,
       CASE WHEN c.contype = 'f' THEN c.confupdtype END,
       CASE WHEN c.contype = 'f' THEN c.confdeltype END,
       c.condeferrable, c.condeferred, c.convalidated, NULLIF(c.conindid, 0)::bigint, NULLIF(c.conparentid, 0)::bigint,
       c.conislocal, pg_get_constraintdef(c.oid), d.description
  FROM rel JOIN pg_constraint c ON c.conrelid = rel.oid
  $comment(pg_constraint, c.oid)
 WHERE c.contype IN ('p', 'u', 'c', 'f', 'x') AND $free(rel.oid))sql";

inline constexpr std::string_view kIndex =
    R"sql(WITH $user_tables, $locked
SELECT i.indexrelid::bigint, i.indrelid::bigint, c.relname, am.amname, i.indisunique, i.indisprimary, i.indisvalid,
       ARRAY(SELECT COALESCE(a.attname, pg_get_indexdef(i.indexrelid, k.pos::int, false))
               FROM unnest(i.indkey) WITH ORDINALITY k(num, pos)
               LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
              WHERE k.pos <= i.indnkeyatts ORDER BY k.pos),
       CASE WHEN i.indnatts = i.indnkeyatts THEN '{}' ELSE
            ARRAY(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k(num, pos)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
                   WHERE k.pos > i.indnkeyatts ORDER BY k.pos) END,
       i.indexprs IS NOT NULL,
       pg_get_expr(i.indpred, i.indrelid), con.oid::bigint, up.inhparent::bigint,
       CASE WHEN locked.relation IS NULL THEN pg_relation_size(i.indexrelid) END,
       pg_get_indexdef(i.indexrelid), d.description
  FROM rel JOIN pg_index i ON i.indrelid = rel.oid
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am am ON am.oid = c.relam
  LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid
        AND con.contype IN ('p', 'u', 'x')
  LEFT JOIN pg_inherits up ON up.inhrelid = i.indexrelid
  LEFT JOIN locked ON locked.relation = i.indexrelid
  $comment(pg_class, i.indexrelid)
 WHERE $free(rel.oid))sql";

// A sequence that an extension's table owns came with the extension, even though pg_depend ties
// it to the table only.
inline constexpr std::string_view kSequence =
    R"sql(SELECT s.seqrelid::bigint, n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqmin,
       s.seqmax, s.seqincrement, s.seqcache, s.seqcycle, o.refobjid::bigint, a.attname, o.deptype, d.description
  FROM $user_sequences
  LEFT JOIN pg_depend o ON o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = s.seqrelid AND o.objsubid = 0
        AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
  LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
  $comment(pg_class, s.seqrelid)
 WHERE $is_user_sequence
   AND (o.refobjid IS NULL OR $own(pg_class, o.refobjid)))sql";

// pg_sequence_last_value() knows no value of a sequence that was RESTARTed or set with is_called
// false, but its next value is not its start value: then the sequence's own row is read. Either
// way it is locked, so where there are thousands an eighth at a time.
inline constexpr std::string_view kSequenceValue =
    R"sql(WITH $locked
SELECT v.oid::bigint, substring(v.row FROM '<v>(-?[0-9]+)</v>')::bigint,
       substring(v.row FROM '<c>([a-z]+)</c>')::boolean
  FROM (SELECT q.oid,
               CASE WHEN q.can_use THEN
                    COALESCE('<v>' || pg_sequence_last_value(q.oid) || '</v><c>true</c>',
                             CASE WHEN q.can_select THEN
                                  query_to_xml(format('SELECT last_value AS v, is_called AS c FROM %I.%I', q.nspname,
                                                      q.relname), false, true, '')::text END) END AS row
          FROM (SELECT c.oid, n.nspname, c.relname,
                       has_sequence_privilege(s.seqrelid, 'SELECT')
                           AND has_schema_privilege(n.oid, 'USAGE') AS can_select,
                       has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') AS can_use
                  FROM $user_sequences
                 WHERE $is_user_sequence AND $free(c.oid)
                   AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
                   -- by their numbers: the planner would read all of pg_class for each part
                   AND c.oid = ANY (ARRAY(SELECT x.seqrelid FROM pg_sequence x WHERE $1))) q) v)sql";

// ordinal: a type comes after the types that its definition names.
inline constexpr std::string_view kType =
    R"sql(WITH RECURSIVE mine AS (
    SELECT t.*, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE t.typtype IN ('e', 'd', 'c', 'r') AND (t.typtype <> 'c' OR c.relkind = 'c') AND $user_schema(n)
       AND $own(pg_type, t.oid)),
used AS (SELECT oid AS root FROM mine),
$type_parts,
needs AS (SELECT DISTINCT p.root, p.typ FROM part p JOIN mine m ON m.oid = p.typ WHERE p.root <> p.typ),
level AS (SELECT used.root, count(needs.typ) AS weight,
                 COALESCE(array_agg(needs.typ::bigint ORDER BY needs.typ) FILTER (WHERE needs.typ IS NOT NULL),
                          '{}') AS uses
            FROM used LEFT JOIN needs USING (root) GROUP BY used.root)
SELECT t.oid::bigint, t.nspname, t.typname, t.typtype,
       row_number() OVER (ORDER BY l.weight, t.nspname, t.typname), l.uses,
       CASE t.typtype
       WHEN 'e' THEN jsonb_build_object('labels',
            (SELECT COALESCE(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum e
              WHERE e.enumtypid = t.oid))
       WHEN 'd' THEN jsonb_build_object(
            'base', format_type(t.typbasetype, t.typtypmod),
            'not_null', t.typnotnull, 'default', pg_get_expr(t.typdefaultbin, 0),
            'collation', $collation(t.typcollation, t.typbasetype),
            'checks', (SELECT COALESCE(jsonb_agg(jsonb_build_object('name', c.conname, 'validated', c.convalidated,
                                                 'definition', pg_get_constraintdef(c.oid)) ORDER BY c.conname), '[]')
                         FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
       WHEN 'c' THEN jsonb_build_object('attributes',
            (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                        'collation', $collation(a.attcollation, a.atttypid)) ORDER BY a.attnum), '[]')
               FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
       ELSE (SELECT jsonb_build_object(
                        'subtype', format_type(r.rngsubtype, NULL),
                        'opclass', (SELECT format('%I.%I', n.nspname, o.opcname)
                                      FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
                                     WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
                        'collation', $collation(r.rngcollation, r.rngsubtype),
                        'canonical', $function_name(r.rngcanonical),
                        'subtype_diff', $function_name(r.rngsubdiff),
                        'multirange', (SELECT m.typname FROM pg_type m
                                         WHERE m.oid = (to_jsonb(r) ->> 'rngmultitypid')::oid))
               FROM pg_range r WHERE r.rngtypid = t.oid)
       END,
       d.description
  FROM mine t JOIN level l ON l.root = t.oid
  $comment(pg_type, t.oid))sql";

inline constexpr std::string_view kRoutine =
    R"sql(WITH $locked
SELECT p.oid::bigint, n.nspname, p.proname,
       CASE WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 't' ELSE p.prokind END,
       l.lanname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid),
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, d.description
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  $comment(pg_proc, p.oid)
 WHERE $user_schema(n) AND $own(pg_proc, p.oid) AND $needs_free(pg_proc, p.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_catalog.pg_proc'::regclass AND x.objid = p.oid
                      AND x.deptype = 'i'))sql";

// Internal triggers implement constraints; those with a parent were cloned from a partitioned table's.
inline constexpr std::string_view kTrigger =
    R"sql(WITH $locked
SELECT t.oid::bigint, t.tgrelid::bigint, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid), d.description
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  $comment(pg_trigger, t.oid)
 WHERE NOT t.tgisinternal AND COALESCE((to_jsonb(t) ->> 'tgparentid')::oid, 0) = 0 AND c.relpersistence <> 't'
   AND $user_schema(n) AND $own(pg_class, c.oid) AND $own(pg_trigger, t.oid) AND $free(c.oid))sql";

inline constexpr std::string_view kView =
    R"sql(WITH $locked
SELECT c.oid::bigint, n.nspname, c.relname, c.relkind,
       CASE WHEN c.relkind = 'f' THEN 'SERVER ' || quote_ident(fs.srvname)
            || COALESCE(' OPTIONS (' || (SELECT string_agg(format('%I %L', o.option_name, o.option_value), ', ')
                                           FROM pg_options_to_table(f.ftoptions) o) || ')', '')
            ELSE pg_get_viewdef(c.oid) END,
       d.description
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
  LEFT JOIN pg_foreign_server fs ON fs.oid = f.ftserver
  $comment(pg_class, c.oid)
 WHERE c.relkind IN ('v', 'm', 'f') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
   AND $query_free(c.oid))sql";

inline constexpr std::string_view kExtension =
    R"sql(SELECT e.extname, e.extversion, n.nspname
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace)sql";

// What a database can hold besides: listed by the assessment, not moved. Objects without a schema
// are the user's own when their OID is above those that initdb hands out.
inline constexpr std::string_view kObject =
    R"sql(WITH $locked
SELECT 'rule', o.oid::bigint, n.nspname, o.rulename, c.oid::bigint, pg_get_ruledef(o.oid)
  FROM pg_rewrite o JOIN pg_class c ON c.oid = o.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE o.rulename <> '_RETURN' AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
   AND $free(c.oid) AND $needs_free(pg_rewrite, o.oid)
UNION ALL
SELECT 'policy', o.oid::bigint, n.nspname, o.polname, c.oid::bigint,
       concat_ws(' ', 'USING (' || pg_get_expr(o.polqual, o.polrelid) || ')',
                 'WITH CHECK (' || pg_get_expr(o.polwithcheck, o.polrelid) || ')')
  FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE $user_schema(n) AND $own(pg_class, c.oid) AND $free(c.oid) AND $needs_free(pg_policy, o.oid)
UNION ALL
SELECT 'statistics', o.oid::bigint, n.nspname, o.stxname, o.stxrelid::bigint, pg_get_statisticsobjdef(o.oid)
  FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace
 WHERE $user_schema(n) AND $own(pg_statistic_ext, o.oid) AND $free(o.stxrelid)
UNION ALL
SELECT 'collation', o.oid::bigint, n.nspname, o.collname, NULL,
       format('CREATE COLLATION %I.%I (provider = %s, %s, deterministic = %s)', n.nspname, o.collname,
              CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
              CASE WHEN o.collprovider = 'c' THEN format('lc_collate = %L, lc_ctype = %L', o.collcollate, o.collctype)
                   ELSE format('locale = %L', COALESCE(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale',
                                                       o.collcollate::text)) END,
              o.collisdeterministic)
  FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace
 WHERE $user_schema(n) AND $own(pg_collation, o.oid)
UNION ALL
SELECT 'type', o.oid::bigint, n.nspname, o.typname, NULL, NULL
  FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
 WHERE o.typtype = 'b' AND o.typisdefined AND $user_schema(n) AND $own(pg_type, o.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.oid = o.typelem AND e.typarray = o.oid)
UNION ALL
SELECT 'operator', o.oid::bigint, n.nspname, o.oprname, NULL, o.oid::regoperator::text
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE $user_schema(n) AND $own(pg_operator, o.oid)
UNION ALL
SELECT 'operator class', o.oid::bigint, n.nspname, o.opcname, NULL, NULL
  FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
 WHERE $user_schema(n) AND $own(pg_opclass, o.oid)
UNION ALL
SELECT 'conversion', o.oid::bigint, n.nspname, o.conname, NULL, NULL
  FROM pg_conversion o JOIN pg_namespace n ON n.oid = o.connamespace
 WHERE $user_schema(n) AND $own(pg_conversion, o.oid)
UNION ALL
SELECT 'text search configuration', o.oid::bigint, n.nspname, o.cfgname, NULL, NULL
  FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace
 WHERE $user_schema(n) AND $own(pg_ts_config, o.oid)
UNION ALL
SELECT 'text search dictionary', o.oid::bigint, n.nspname, o.dictname, NULL, o.dictinitoption
  FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace
 WHERE $user_schema(n) AND $own(pg_ts_dict, o.oid)
UNION ALL
SELECT 'cast', o.oid::bigint, NULL,
       format('%s AS %s', format_type(o.castsource, NULL), format_type(o.casttarget, NULL)), NULL, NULL
  FROM pg_cast o WHERE o.oid >= 16384 AND $own(pg_cast, o.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_catalog.pg_cast'::regclass AND x.objid = o.oid
                      AND x.deptype = 'i')
UNION ALL
SELECT 'language', o.oid::bigint, NULL, o.lanname, NULL, NULL
  FROM pg_language o WHERE o.oid >= 16384 AND $own(pg_language, o.oid)
UNION ALL
SELECT 'foreign server', o.oid::bigint, NULL, o.srvname, NULL, NULL
  FROM pg_foreign_server o WHERE $own(pg_foreign_server, o.oid)
UNION ALL
SELECT 'event trigger', o.oid::bigint, NULL, o.evtname, NULL, o.evtevent || ': ' || o.evtfoid::regprocedure
  FROM pg_event_trigger o WHERE $own(pg_event_trigger, o.oid)
UNION ALL
SELECT 'publication', o.oid::bigint, NULL, o.pubname, NULL, NULL
  FROM pg_publication o WHERE $own(pg_publication, o.oid))sql";

// What belongs to the server, or to its operation: listed by the assessment, not moved. Values of settings and
// commands of jobs may hold secrets: names only. pg_cron's table is read where it is; it shows what its policy lets
// the user see.
inline constexpr std::string_view kOutside =
    R"sql(
SELECT 'role', r.rolname, concat_ws(', ', CASE WHEN r.rolcanlogin THEN 'can log in' END,
                                    CASE WHEN r.rolsuper THEN 'superuser' END,
                                    'member of ' || NULLIF((SELECT string_agg(g.rolname, ', ' ORDER BY g.rolname)
                                                              FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                                                             WHERE m.member = r.oid), ''))
  FROM pg_roles r WHERE r.oid >= 16384
UNION ALL
SELECT 'default privilege', pg_get_userbyid(d.defaclrole) || COALESCE(' in ' || n.nspname, '') || ': ' ||
       CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                            WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END, NULL
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
UNION ALL
SELECT 'setting', concat_ws(' of ', split_part(c.setting, '=', 1), NULLIF('role ' || a.rolname, '')),
       CASE WHEN s.setdatabase = 0 THEN 'in all databases' ELSE 'in this database' END
  FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c(setting)
  LEFT JOIN pg_roles a ON a.oid = s.setrole
 WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL
SELECT 'subscription', s.subname, CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END
  FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'replication slot', s.slot_name, concat_ws(' ', s.plugin, CASE WHEN s.active THEN 'active' ELSE 'inactive' END)
  FROM pg_replication_slots s WHERE s.database = current_database()
UNION ALL
SELECT 'user mapping', concat_ws(' on ', u.usename, u.srvname), NULL FROM pg_user_mappings u
UNION ALL
SELECT 'scheduled job', x.name, x.schedule
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL XMLTABLE('/table/row' PASSING query_to_xml(
           format('SELECT COALESCE(to_jsonb(j) ->> ''jobname'', ''job '' || j.jobid) AS name, j.schedule FROM %I.%I j
                    WHERE j.database = current_database()', n.nspname, c.relname), false, false, '')
       COLUMNS name text PATH 'name', schedule text PATH 'schedule') x
 WHERE n.nspname = 'cron' AND c.relname = 'job' AND c.relkind = 'r'
   AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))sql";

}  // namespace lakemover::source::catalog

// The texts of the catalog queries about views, routines, triggers and whatever else is made after the tables, about what
// they need, and about privileges and owners; catalog.cpp expands their $fragments. Pure zone, no code.
#pragma once
#include <string_view>

namespace lakemover::source::catalog {

// One row per object: how it is made (definition) and how one tells on any server that it is the same one (facts). The
// target answers the same text at level 0, so facts hold nothing that differs between versions: names, attributes, the
// digest of a body; never a text that a server prints from a parsed expression.
//   comments {"": of the object, "column": of a view's column}
//   columns  that the object names: a trigger's UPDATE OF, those of extended statistics
inline constexpr std::string_view kCode =
    R"sql(WITH $locked
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.oid::bigint, n.nspname::text, c.relname::text,
       NULL::bigint, NULL::text, NULL::text,
       jsonb_build_object(
           'columns', (SELECT COALESCE(jsonb_agg(a.attname ORDER BY a.attnum), '[]')
                         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
           'types', (SELECT COALESCE(jsonb_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), '[]')
                       FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
           'defaults', (SELECT COALESCE(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atthasdef),
           'options', to_jsonb(ARRAY(SELECT o FROM unnest(c.reloptions) o ORDER BY o COLLATE "C")),
           'populated', c.relispopulated),
       jsonb_build_object('query', pg_get_viewdef(c.oid), 'defaults',
           (SELECT jsonb_object_agg(a.attname, pg_get_expr(f.adbin, f.adrelid))
              FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE f.adrelid = c.oid))::text,
       (SELECT jsonb_object_agg(COALESCE(a.attname, ''), d.description)
          FROM pg_description d LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
         WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid) AND $query_free(c.oid)
UNION ALL
SELECT 'materialized view index', i.indexrelid::bigint, n.nspname, x.relname, c.oid::bigint, n.nspname, c.relname,
       jsonb_build_object('unique', i.indisunique, 'valid', i.indisvalid, 'method', am.amname, 'keys', i.indnkeyatts, 'columns', i.indnatts,
                          'expressions', i.indexprs IS NOT NULL, 'predicate', i.indpred IS NOT NULL),
       pg_get_indexdef(i.indexrelid), $comments(pg_class, i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_am am ON am.oid = x.relam JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'm' AND $user_schema(n) AND $own(pg_class, c.oid) AND $query_free(c.oid)
UNION ALL
SELECT CASE WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 'trigger function'
            WHEN p.prokind = 'p' THEN 'procedure' WHEN p.prokind = 'w' THEN 'window function' ELSE 'function' END,
       p.oid::bigint, n.nspname, $signature(p), NULL, NULL, NULL,
       jsonb_build_object(
           'language', l.lanname, 'returns', pg_get_function_result(p.oid), 'arguments', pg_get_function_identity_arguments(p.oid),
           'defaults', p.pronargdefaults, 'volatility', p.provolatile, 'strict', p.proisstrict, 'security_definer', p.prosecdef, 'leakproof', p.proleakproof,
           'parallel', p.proparallel, 'settings', to_jsonb(ARRAY(SELECT s FROM unnest(p.proconfig) s ORDER BY s COLLATE "C")),
           'cost', p.procost, 'rows', p.prorows,
           'body', CASE WHEN to_jsonb(p) ->> 'prosqlbody' IS NULL THEN md5(p.prosrc) ELSE 'atomic' END),
       pg_get_functiondef(p.oid), $comments(pg_proc, p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
 WHERE p.prokind <> 'a' AND $user_schema(n) AND $own(pg_proc, p.oid) AND $needs_free(pg_proc, p.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_catalog.pg_proc'::regclass AND x.objid = p.oid
                      AND x.deptype = 'i')
UNION ALL
SELECT 'aggregate', p.oid::bigint, n.nspname, $signature(p), NULL, NULL, NULL,
       jsonb_build_object('options', g.options), g.options, $comments(pg_proc, p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_aggregate a ON a.aggfnoid = p.oid
 CROSS JOIN LATERAL (
       SELECT format('(%s) (%s)', COALESCE(NULLIF(pg_get_function_identity_arguments(p.oid), ''), '*'), concat_ws(', ',
              'SFUNC = ' || a.aggtransfn, 'STYPE = ' || format_type(a.aggtranstype, NULL),
              'SSPACE = ' || NULLIF(a.aggtransspace, 0),
              'FINALFUNC = ' || NULLIF(a.aggfinalfn::oid, 0)::regproc,
              CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
              CASE WHEN a.aggfinalfn::oid <> 0 THEN 'FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
              'COMBINEFUNC = ' || NULLIF(a.aggcombinefn::oid, 0)::regproc,
              'SERIALFUNC = ' || NULLIF(a.aggserialfn::oid, 0)::regproc,
              'DESERIALFUNC = ' || NULLIF(a.aggdeserialfn::oid, 0)::regproc,
              'INITCOND = ' || quote_literal(a.agginitval),
              'MSFUNC = ' || NULLIF(a.aggmtransfn::oid, 0)::regproc,
              'MINVFUNC = ' || NULLIF(a.aggminvtransfn::oid, 0)::regproc,
              'MSTYPE = ' || CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END,
              'MSSPACE = ' || NULLIF(a.aggmtransspace, 0),
              'MFINALFUNC = ' || NULLIF(a.aggmfinalfn::oid, 0)::regproc,
              CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
              CASE WHEN a.aggmfinalfn::oid <> 0 THEN 'MFINALFUNC_MODIFY = ' || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
              'MINITCOND = ' || quote_literal(a.aggminitval),
              'SORTOP = ' || (SELECT format('OPERATOR(%I.%s)', sn.nspname, s.oprname) FROM pg_operator s
                                JOIN pg_namespace sn ON sn.oid = s.oprnamespace WHERE s.oid = a.aggsortop),
              'PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END,
              CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)) AS options) g
 WHERE $user_schema(n) AND $own(pg_proc, p.oid)
UNION ALL
SELECT 'operator', o.oid::bigint, n.nspname,
       format('%s(%s, %s)', o.oprname, CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
              format_type(o.oprright, NULL)),
       NULL, NULL, NULL, jsonb_build_object('options', g.options), jsonb_build_object('name', o.oprname, 'options', g.options)::text,
       $comments(pg_operator, o.oid)
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
 CROSS JOIN LATERAL (
       SELECT concat_ws(', ', 'FUNCTION = ' || o.oprcode,
              'LEFTARG = ' || CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
              'RIGHTARG = ' || format_type(o.oprright, NULL),
              'COMMUTATOR = ' || (SELECT format('OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c
                                    JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom),
              'NEGATOR = ' || (SELECT format('OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c
                                 JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate),
              'RESTRICT = ' || NULLIF(o.oprrest::oid, 0)::regproc, 'JOIN = ' || NULLIF(o.oprjoin::oid, 0)::regproc,
              CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END) AS options) g
 WHERE o.oprcode <> 0 AND $user_schema(n) AND $own(pg_operator, o.oid)
UNION ALL
SELECT 'trigger', t.oid::bigint, n.nspname, t.tgname, c.oid::bigint, n.nspname, c.relname,
       jsonb_build_object('enabled', t.tgenabled, 'type', t.tgtype, 'function', p.proname, 'constraint', t.tgconstraint <> 0,
           'deferrable', t.tgdeferrable, 'deferred', t.tginitdeferred, 'when', t.tgqual IS NOT NULL,
           'columns', (SELECT COALESCE(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr::int2[])),
           'arguments', encode(t.tgargs, 'escape'), 'old_table', t.tgoldtable, 'new_table', t.tgnewtable),
       pg_get_triggerdef(t.oid), $comments(pg_trigger, t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE NOT t.tgisinternal AND COALESCE((to_jsonb(t) ->> 'tgparentid')::oid, 0) = 0 AND c.relkind <> 'f' AND c.relpersistence <> 't'
   AND $user_schema(n) AND $own(pg_class, c.oid) AND $own(pg_trigger, t.oid) AND $free(c.oid)
UNION ALL
SELECT 'rule', o.oid::bigint, n.nspname, o.rulename, c.oid::bigint, n.nspname, c.relname,
       jsonb_build_object('event', o.ev_type, 'instead', o.is_instead, 'enabled', o.ev_enabled, 'where', o.ev_qual::text <> '<>'),
       pg_get_ruledef(o.oid), $comments(pg_rewrite, o.oid)
  FROM pg_rewrite o JOIN pg_class c ON c.oid = o.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE o.rulename <> '_RETURN' AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
   AND $free(c.oid) AND $needs_free(pg_rewrite, o.oid)
UNION ALL
SELECT 'policy', o.oid::bigint, n.nspname, o.polname, c.oid::bigint, n.nspname, c.relname,
       jsonb_build_object('command', o.polcmd, 'permissive', o.polpermissive, 'using', o.polqual IS NOT NULL, 'check', o.polwithcheck IS NOT NULL,
           'roles', (SELECT COALESCE(jsonb_agg(x.name ORDER BY x.name COLLATE "C"), '[]')
                       FROM (SELECT CASE WHEN r.oid = 0 THEN NULL ELSE pg_get_userbyid(r.oid)::text END FROM unnest(o.polroles) r(oid)) x(name)
                      WHERE x.name IS NOT NULL)),
       jsonb_build_object('using', pg_get_expr(o.polqual, o.polrelid), 'check', pg_get_expr(o.polwithcheck, o.polrelid))::text,
       $comments(pg_policy, o.oid)
  FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE $user_schema(n) AND $own(pg_class, c.oid) AND $free(c.oid) AND $needs_free(pg_policy, o.oid)
UNION ALL
SELECT r.kind, c.oid::bigint, n.nspname, c.relname, c.oid::bigint, n.nspname, c.relname, '{}'::jsonb, NULL, NULL
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN (VALUES ('row security'), ('forced row security')) r(kind)
       ON CASE r.kind WHEN 'row security' THEN c.relrowsecurity ELSE c.relforcerowsecurity END
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
UNION ALL
SELECT 'statistics', o.oid::bigint, n.nspname, o.stxname, c.oid::bigint, cn.nspname, c.relname,
       jsonb_build_object('kinds', (SELECT jsonb_agg(k ORDER BY k) FROM unnest(o.stxkind) k),
           'expressions', to_jsonb(o) ->> 'stxexprs' IS NOT NULL,
           'target', COALESCE((to_jsonb(o) ->> 'stxstattarget')::int, -1),
           'columns', (SELECT COALESCE(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum = ANY (o.stxkeys::int2[]))),
       pg_get_statisticsobjdef(o.oid), $comments(pg_statistic_ext, o.oid)
  FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace
  JOIN pg_class c ON c.oid = o.stxrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
 WHERE c.relkind <> 'f' AND $user_schema(n) AND $own(pg_statistic_ext, o.oid) AND $free(c.oid)
UNION ALL
SELECT 'table setting', q.id, q.nspname, q.relname, q.id, q.nspname, q.relname, jsonb_strip_nulls(q.facts), q.options::text, NULL
  FROM (SELECT c.oid::bigint AS id, n.nspname, c.relname, jsonb_build_object('options', c.reloptions, 'toast', t.reloptions) AS options,
               jsonb_build_object(
            'options', NULLIF(to_jsonb(ARRAY(SELECT o FROM unnest(c.reloptions) o ORDER BY o COLLATE "C")), '[]'),
            'toast', NULLIF(to_jsonb(ARRAY(SELECT o FROM unnest(t.reloptions) o ORDER BY o COLLATE "C")), '[]'),
            'replica_identity', NULLIF(c.relreplident, CASE WHEN c.relreplident IN ('f', 'n') THEN '' ELSE c.relreplident END),
            'replica_index', CASE WHEN c.relreplident = 'i' THEN
                (SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END,
            'cluster_index', k.relname,
            'columns', s.columns) AS facts
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
          LEFT JOIN (SELECT i.indrelid, x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indisclustered) k
                 ON k.indrelid = c.oid
          -- of all tables at once, and first what nearly no column has, without to_jsonb(): there may be 150 000 columns.
          -- $1: a column's compression, which came with version 14
          LEFT JOIN (SELECT a.attrelid, jsonb_agg(jsonb_build_array(a.attname, o.settings) ORDER BY a.attnum) AS columns
                       FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                      CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(
                            'statistics', NULLIF((to_jsonb(a) ->> 'attstattarget')::int, -1),
                            'storage', CASE WHEN a.attstorage <> y.typstorage THEN
                                            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
                            'compression', CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
                            'n_distinct', (SELECT v.option_value FROM pg_options_to_table(a.attoptions) v WHERE v.option_name = 'n_distinct'),
                            'n_distinct_inherited', (SELECT v.option_value FROM pg_options_to_table(a.attoptions) v
                                                      WHERE v.option_name = 'n_distinct_inherited'))) AS settings) o
                      WHERE a.attnum > 0 AND NOT a.attisdropped
                        AND (a.attstattarget >= 0 OR a.attstorage <> y.typstorage OR array_to_string(a.attoptions, ',') LIKE '%n_distinct%' OR $1)
                        AND EXISTS (SELECT 1 FROM pg_class r WHERE r.oid = a.attrelid AND r.relkind IN ('r', 'p') AND r.oid >= 16384)
                        AND o.settings <> '{}'
                      GROUP BY a.attrelid) s ON s.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
           AND (c.reloptions IS NOT NULL OR t.reloptions IS NOT NULL OR c.relreplident <> 'd' OR k.relname IS NOT NULL OR s.columns IS NOT NULL)) q
 WHERE jsonb_strip_nulls(q.facts) <> '{}')sql";

// Who needs what: an object, or a default (part: its column), and a relation (with the column), routine, type or operator
// that it uses; extension where that comes with one. Row types count as their relation, arrays as their element.
inline constexpr std::string_view kNeed =
    R"sql(WITH object AS (
    SELECT 'relation' AS class, r.ev_class AS id, 0 AS part, 'pg_catalog.pg_rewrite'::regclass::oid AS classid, r.oid AS objid
      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE r.rulename = '_RETURN' AND c.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'rule', r.oid, 0, 'pg_catalog.pg_rewrite'::regclass, r.oid FROM pg_rewrite r WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT 'routine', p.oid, 0, 'pg_catalog.pg_proc'::regclass, p.oid FROM pg_proc p
    UNION ALL
    SELECT 'trigger', t.oid, 0, 'pg_catalog.pg_trigger'::regclass, t.oid FROM pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'policy', p.oid, 0, 'pg_catalog.pg_policy'::regclass, p.oid FROM pg_policy p
    UNION ALL
    SELECT 'statistics', s.oid, 0, 'pg_catalog.pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext s
    UNION ALL
    SELECT 'operator', o.oid, 0, 'pg_catalog.pg_operator'::regclass, o.oid FROM pg_operator o
    UNION ALL
    SELECT 'constraint', c.oid, 0, 'pg_catalog.pg_constraint'::regclass, c.oid FROM pg_constraint c WHERE c.conrelid <> 0
    UNION ALL
    SELECT 'type', c.contypid, 0, 'pg_catalog.pg_constraint'::regclass, c.oid FROM pg_constraint c WHERE c.contypid <> 0
    UNION ALL
    SELECT 'type', t.oid, 0, 'pg_catalog.pg_type'::regclass, t.oid FROM pg_type t WHERE t.typtype IN ('d', 'r')
    UNION ALL
    SELECT 'default', f.adrelid, f.adnum, 'pg_catalog.pg_attrdef'::regclass, f.oid FROM pg_attrdef f
    UNION ALL
    SELECT 'relation', c.oid, 0, 'pg_catalog.pg_class'::regclass, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'i', 'I'))
SELECT DISTINCT o.class, o.id::bigint, o.part, ref.class, ref.id::bigint, d.refobjsubid,
       CASE ref.class WHEN 'relation' THEN ref.id::regclass::text WHEN 'routine' THEN ref.id::regprocedure::text
                      WHEN 'operator' THEN ref.id::regoperator::text WHEN 'type' THEN format_type(ref.id, NULL) ELSE '' END,
       e.extname::text
  FROM object o
  JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid AND d.deptype IN ('n', 'a') AND d.refobjid >= 16384
  LEFT JOIN pg_type t ON d.refclassid = 'pg_catalog.pg_type'::regclass AND t.oid = d.refobjid
  LEFT JOIN pg_type el ON el.oid = t.typelem AND el.typarray = t.oid
  LEFT JOIN pg_range mr ON t.typtype = 'm' AND (to_jsonb(mr) ->> 'rngmultitypid')::oid = t.oid
  LEFT JOIN pg_class row ON row.oid = COALESCE(el.typrelid, t.typrelid) AND row.relkind <> 'c'
 CROSS JOIN LATERAL (
       SELECT CASE d.refclassid WHEN 'pg_catalog.pg_class'::regclass THEN 'relation' WHEN 'pg_catalog.pg_proc'::regclass THEN 'routine'
                                WHEN 'pg_catalog.pg_operator'::regclass THEN 'operator' WHEN 'pg_catalog.pg_constraint'::regclass THEN 'constraint'
                                WHEN 'pg_catalog.pg_type'::regclass THEN CASE WHEN row.oid IS NULL THEN 'type' ELSE 'relation' END
                                ELSE 'other' END AS class,
              COALESCE(row.oid, mr.rngtypid, el.oid, d.refobjid) AS id) ref
  LEFT JOIN pg_depend x ON x.classid = d.refclassid AND x.objid = d.refobjid AND x.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = x.refobjid
 WHERE (ref.class <> 'other' OR e.oid IS NOT NULL) AND NOT (ref.class = o.class AND ref.id = o.id))sql";

// Privileges on the user's objects but those of their owners. grantee: null for PUBLIC. No privilege: PUBLIC has none, where
// it would have one by default.
inline constexpr std::string_view kGrant =
    R"sql(WITH held AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END AS class, c.oid AS id, NULL::text AS col, c.relacl AS acl, c.relowner AS owner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relacl IS NOT NULL AND $user_schema(n) AND $own(pg_class, c.oid)
    UNION ALL
    SELECT 'column', c.oid, a.attname, a.attacl, c.relowner
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND $user_schema(n) AND $own(pg_class, c.oid)
    UNION ALL
    SELECT 'routine', p.oid, NULL, p.proacl, p.proowner
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proacl IS NOT NULL AND $user_schema(n) AND $own(pg_proc, p.oid)
    UNION ALL
    SELECT 'type', t.oid, NULL, t.typacl, t.typowner
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typacl IS NOT NULL AND $user_schema(n) AND $own(pg_type, t.oid)
    UNION ALL
    SELECT 'schema', n.oid, n.nspname, n.nspacl, n.nspowner
      FROM pg_namespace n WHERE n.nspacl IS NOT NULL AND $user_schema(n) AND $own(pg_namespace, n.oid)),
entry AS (
    SELECT h.class, h.id, h.col, x.grantee, x.privilege_type, x.is_grantable
      FROM held h CROSS JOIN LATERAL aclexplode(h.acl) x
     WHERE x.grantee <> h.owner)
SELECT e.class, e.id::bigint, e.col, CASE WHEN e.grantee = 0 THEN NULL ELSE pg_get_userbyid(e.grantee)::text END,
       array_agg(DISTINCT e.privilege_type ORDER BY e.privilege_type), e.is_grantable
  FROM entry e GROUP BY e.class, e.id, e.col, e.grantee, e.is_grantable
UNION ALL
SELECT h.class, h.id::bigint, h.col, NULL, '{}', false FROM held h
 WHERE h.class IN ('routine', 'type')
   AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.class = h.class AND e.id = h.id AND e.grantee = 0))sql";

// Large objects as they are at a point in time. bytes: null where the reader may not read. grants: those of others than the
// owner, as {grantee, privileges, grantable}; grantee null is PUBLIC.
inline constexpr std::string_view kLargeObject =
    R"sql(SELECT m.oid::bigint, z.bytes, r.rolname::text,
       r.rolsuper OR r.oid = d.datdba OR r.rolname = session_user OR starts_with(r.rolname, 'pg_'),
       (SELECT jsonb_agg(jsonb_build_object('grantee', g.grantee, 'privileges', g.privileges, 'grantable', g.is_grantable)
                         ORDER BY g.grantee, g.is_grantable)
          FROM (SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee)::text END AS grantee, a.is_grantable,
                       array_agg(a.privilege_type ORDER BY a.privilege_type) AS privileges
                  FROM aclexplode(m.lomacl) a WHERE a.grantee <> m.lomowner GROUP BY 1, 2) g),
       (SELECT c.description FROM pg_description c
         WHERE c.classoid = 'pg_catalog.pg_largeobject'::regclass AND c.objoid = m.oid AND c.objsubid = 0)
  FROM pg_largeobject_metadata m
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN pg_roles r ON r.oid = m.lomowner
 CROSS JOIN LATERAL (SELECT s.bytes, lo_close(s.fd)
                       FROM (SELECT f.fd, lo_lseek64(f.fd, 0, 2) AS bytes
                               FROM (SELECT CASE WHEN $lo_readable() THEN lo_open(m.oid, 262144) END AS fd OFFSET 0) f OFFSET 0) s OFFSET 0) z(bytes, closed))sql";

// The owner of each object of the user's. home: who has the database, a superuser, the server's own roles, and whoever reads
// here: what is theirs belongs to the role that migrates.
inline constexpr std::string_view kOwner =
    R"sql(WITH held AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END AS class, c.oid AS id, NULL::text AS part, c.relowner AS owner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)
    UNION ALL
    SELECT 'routine', p.oid, NULL, p.proowner FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE $user_schema(n) AND $own(pg_proc, p.oid)
    UNION ALL
    SELECT 'type', t.oid, NULL, t.typowner FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     -- not the row types of relations
     WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
       AND $user_schema(n) AND $own(pg_type, t.oid)
    UNION ALL
    SELECT 'operator', o.oid, NULL, o.oprowner FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
     WHERE $user_schema(n) AND $own(pg_operator, o.oid)
    UNION ALL
    SELECT 'collation', co.oid, NULL, co.collowner FROM pg_collation co JOIN pg_namespace n ON n.oid = co.collnamespace
     WHERE $user_schema(n) AND $own(pg_collation, co.oid)
    UNION ALL
    SELECT 'statistics', s.oid, NULL, s.stxowner FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
     WHERE $user_schema(n) AND $own(pg_statistic_ext, s.oid)
    UNION ALL
    SELECT 'schema', n.oid, n.nspname, n.nspowner FROM pg_namespace n WHERE $user_schema(n) AND $own(pg_namespace, n.oid))
SELECT h.class, h.id::bigint, h.part, r.rolname::text,
       r.rolsuper OR r.oid = d.datdba OR r.rolname = session_user OR starts_with(r.rolname, 'pg_')
  FROM held h JOIN pg_roles r ON r.oid = h.owner JOIN pg_database d ON d.datname = current_database())sql";

}  // namespace lakemover::source::catalog

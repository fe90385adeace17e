-- What the source's catalogs said, one row per object. table_id, type_id, ... are the source's
-- own object ids (PostgreSQL: the OID). Replaced whole by lakemover.inventory(source).

CREATE TABLE lakemover.source_info (
    source       name PRIMARY KEY,
    engine       text NOT NULL,
    identity     text NOT NULL,
    version      text NOT NULL,
    version_num  int NOT NULL,
    dbname       text NOT NULL,
    encoding     text,
    "collation"  text,
    size_bytes   bigint,
    settings     jsonb NOT NULL DEFAULT '{}',
    taken_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    seconds      double precision
);
COMMENT ON TABLE lakemover.source_info IS 'one row per inventoried source: engine, identity (system identifier and database), version, encoding, settings';

CREATE TABLE lakemover.inv_schema (
    source      name NOT NULL,
    schema_name text NOT NULL,
    owner       text,
    can_use     boolean NOT NULL DEFAULT true,
    comment     text,
    PRIMARY KEY (source, schema_name)
);
COMMENT ON TABLE lakemover.inv_schema IS 'schemas of a source';

CREATE TABLE lakemover.inv_table (
    source          name NOT NULL,
    table_id        bigint NOT NULL,
    schema_name     text NOT NULL,
    table_name      text NOT NULL,
    kind            text NOT NULL,      -- r table, p partitioned table
    parent_id       bigint,             -- of a partition: its partitioned table
    partition_key   text,               -- of a partitioned table: RANGE (x)
    partition_bound text,               -- of a partition: FOR VALUES ...
    persistence     text NOT NULL,      -- p permanent, u unlogged
    inherits        bigint[],           -- plain inheritance parents
    row_estimate    bigint,             -- from the catalog; -1 unknown
    pages           bigint,             -- of the heap
    table_bytes     bigint,             -- heap and TOAST
    index_bytes     bigint,
    row_security    boolean NOT NULL DEFAULT false,
    rls_applies     boolean NOT NULL DEFAULT false,  -- row security applies to the source's user: it cannot read the table whole
    can_select      boolean NOT NULL DEFAULT true,
    is_empty        boolean,            -- known empty / known not empty / unknown
    comment         text,
    memory_optimized boolean NOT NULL DEFAULT false,  -- SQL Server
    is_locked    boolean NOT NULL DEFAULT false,      -- exclusively, by somebody: its columns, keys and indexes were not read
    PRIMARY KEY (source, table_id)
);
COMMENT ON TABLE lakemover.inv_table IS 'tables, partitioned tables and partitions of a source';

CREATE TABLE lakemover.inv_column (
    source           name NOT NULL,
    table_id         bigint NOT NULL,
    ordinal          int NOT NULL,      -- attnum: gaps where columns were dropped
    column_name      text NOT NULL,
    data_type        text NOT NULL,     -- format_type(): character varying(20), public.mood[]
    base_type        text NOT NULL,     -- without modifier: character varying, public.mood[]
    type_id          bigint NOT NULL,
    type_kind        text NOT NULL,     -- typtype: b base, e enum, d domain, c composite, r range, m multirange
    type_schema      text NOT NULL,
    codec            text NOT NULL,     -- typname of the storage type (domains resolved): int4, numeric, bpchar, _int4
    not_null         boolean NOT NULL,
    default_expr     text,
    identity         text NOT NULL DEFAULT '',   -- a always, d by default
    generated        text NOT NULL DEFAULT '',   -- s stored
    "collation"      text,              -- only where it differs from the type's default; qualified and quoted: pg_catalog."C"
    binary_ok        boolean NOT NULL DEFAULT true,  -- has send and receive, and no reg* inside
    type_extension   text,              -- the extension that the type, or one inside it, belongs to
    is_local         boolean NOT NULL DEFAULT true,  -- false: only inherited, or a partition's
    comment          text,
    -- What SQL Server itself says; data_type and the rest are then PostgreSQL's words for it.
    native_type      text,              -- nvarchar(50), decimal(18,4); alias types as their base type
    native_collation text,
    native_default   text,              -- the default's definition, also where it could not be translated
    native_computed  text,              -- a computed column's definition
    PRIMARY KEY (source, table_id, ordinal)
);
COMMENT ON TABLE lakemover.inv_column IS 'columns of the tables of a source';

CREATE TABLE lakemover.inv_constraint (
    source        name NOT NULL,
    constraint_id bigint NOT NULL,
    table_id      bigint NOT NULL,
    name          text NOT NULL,
    kind          text NOT NULL,        -- p primary key, u unique, c check, f foreign key, x exclusion
    columns       text[] NOT NULL DEFAULT '{}',
    ref_table_id  bigint,
    ref_columns   text[],
    on_update     text,                 -- a no action, r restrict, c cascade, n set null, d set default
    on_delete     text,
    is_deferrable boolean NOT NULL DEFAULT false,
    is_deferred   boolean NOT NULL DEFAULT false,
    is_validated  boolean NOT NULL DEFAULT true,
    index_id      bigint,
    parent_id     bigint,               -- inherited from the partitioned parent's constraint
    is_local      boolean NOT NULL DEFAULT true,   -- false: only inherited, or a partition's
    definition    text NOT NULL,        -- pg_get_constraintdef()
    comment       text,
    PRIMARY KEY (source, constraint_id)
);
COMMENT ON TABLE lakemover.inv_constraint IS 'primary keys, uniques, checks, foreign keys and exclusions of a source';

CREATE TABLE lakemover.inv_index (
    source        name NOT NULL,
    index_id      bigint NOT NULL,
    table_id      bigint NOT NULL,
    name          text NOT NULL,
    method        text NOT NULL,
    is_unique     boolean NOT NULL,
    is_primary    boolean NOT NULL,
    is_valid      boolean NOT NULL,
    key_columns   text[] NOT NULL,      -- expressions as text
    include_columns text[] NOT NULL DEFAULT '{}',
    has_expressions boolean NOT NULL DEFAULT false,
    predicate     text,
    constraint_id bigint,               -- the constraint that owns it, if any
    parent_id     bigint,               -- the partitioned index it belongs to
    bytes         bigint,
    definition    text NOT NULL,        -- pg_get_indexdef()
    comment       text,
    PRIMARY KEY (source, index_id)
);
COMMENT ON TABLE lakemover.inv_index IS 'indexes of a source';

CREATE TABLE lakemover.inv_sequence (
    source        name NOT NULL,
    sequence_id   bigint NOT NULL,
    schema_name   text NOT NULL,
    sequence_name text NOT NULL,
    data_type     text NOT NULL,
    start_value   bigint NOT NULL,
    min_value     bigint NOT NULL,
    max_value     bigint NOT NULL,
    increment_by  bigint NOT NULL,
    cache_size    bigint NOT NULL,
    cycles        boolean NOT NULL,
    last_value    bigint,               -- of the sequence's own row; null: not readable
    is_called     boolean,              -- false: last_value itself comes next; null: not readable
    owner_table_id bigint,              -- owned by (serial) or identity of
    owner_column  text,
    owner_kind    text,                 -- a owned, i identity, null neither
    comment       text,
    PRIMARY KEY (source, sequence_id)
);
COMMENT ON TABLE lakemover.inv_sequence IS 'sequences of a source with attributes and current values';

-- definition, by kind. Type texts as format_type() prints them under an empty search_path, collations
-- qualified and quoted, functions and operator classes qualified and quoted:
--   e {"labels": ["a", "b"]}
--   d {"base": "numeric(10,2)", "default": text|null, "not_null": boolean, "collation": text|null,
--      "checks": [{"name": text, "definition": "CHECK ((VALUE > 0))", "validated": boolean}]}
--   c {"attributes": [{"name": text, "type": text, "collation": text|null}]}   (not the row types of tables)
--   r {"subtype": text, "opclass": text|null, "collation": text|null, "canonical": text|null,
--      "subtype_diff": text|null, "multirange": "own name of its multirange type"}
-- opclass, collation, canonical and subtype_diff are null where they are the default or missing.
CREATE TABLE lakemover.inv_type (
    source      name NOT NULL,
    type_id     bigint NOT NULL,
    schema_name text NOT NULL,
    type_name   text NOT NULL,
    kind        text NOT NULL,          -- e enum, d domain, c composite, r range
    ordinal     int NOT NULL,           -- creation order: a type comes after the types it uses
    uses        bigint[] NOT NULL DEFAULT '{}',  -- the user-defined types inside it, at any depth
    definition  jsonb NOT NULL,         -- labels / base type, default, not null, checks / attributes / subtype, ...
    comment     text,
    PRIMARY KEY (source, type_id)
);
COMMENT ON TABLE lakemover.inv_type IS 'user-defined types of a source';

CREATE TABLE lakemover.inv_routine (
    source      name NOT NULL,
    routine_id  bigint NOT NULL,
    schema_name text NOT NULL,
    routine_name text NOT NULL,
    kind        text NOT NULL,          -- f function, p procedure, a aggregate, w window, t trigger function
    language    text NOT NULL,
    arguments   text NOT NULL,
    returns     text,
    definition  text,
    comment     text,
    PRIMARY KEY (source, routine_id)
);
COMMENT ON TABLE lakemover.inv_routine IS 'functions, procedures and aggregates of a source';

CREATE TABLE lakemover.inv_trigger (
    source      name NOT NULL,
    trigger_id  bigint NOT NULL,
    table_id    bigint NOT NULL,
    name        text NOT NULL,
    enabled     text NOT NULL,
    definition  text NOT NULL,
    comment     text,
    PRIMARY KEY (source, trigger_id)
);
COMMENT ON TABLE lakemover.inv_trigger IS 'triggers of a source, without internal ones';

CREATE TABLE lakemover.inv_view (
    source      name NOT NULL,
    view_id     bigint NOT NULL,
    schema_name text NOT NULL,
    view_name   text NOT NULL,
    kind        text NOT NULL,          -- v view, m materialized view, f foreign table
    definition  text,
    comment     text,
    PRIMARY KEY (source, view_id)
);
COMMENT ON TABLE lakemover.inv_view IS 'views, materialized views and foreign tables of a source';

CREATE TABLE lakemover.inv_extension (
    source      name NOT NULL,
    extension_name text NOT NULL,
    version     text NOT NULL,
    schema_name text,
    PRIMARY KEY (source, extension_name)
);
COMMENT ON TABLE lakemover.inv_extension IS 'extensions installed in a source';

CREATE TABLE lakemover.inv_object (
    source      name NOT NULL,
    kind        text NOT NULL,          -- rule, policy, statistics, collation, event trigger, publication, ...
    object_id   bigint NOT NULL,
    schema_name text,
    object_name text NOT NULL,
    table_id    bigint,
    definition  text,
    PRIMARY KEY (source, kind, object_id)
);
COMMENT ON TABLE lakemover.inv_object IS 'objects of all other kinds of a source: listed, not moved';

CREATE TABLE lakemover.inv_outside (
    source      name NOT NULL,
    kind        text NOT NULL,          -- role, login, user, default privilege, scheduled job, linked server, certificate, ...
    item_no     int NOT NULL,
    name        text NOT NULL,
    detail      text,
    PRIMARY KEY (source, kind, item_no)
);
COMMENT ON TABLE lakemover.inv_outside IS 'what belongs to the server of a source or to its operation rather than to its schema: listed, not moved';

CREATE TABLE lakemover.inv_feature (
    source      name NOT NULL,
    feature     text NOT NULL,          -- graph, filetable, external, full text, row filter, masked, encrypted
    table_id    bigint NOT NULL,
    ordinal     int NOT NULL DEFAULT 0, -- of the column, 0 for none
    detail      text NOT NULL DEFAULT '',
    PRIMARY KEY (source, feature, table_id, ordinal, detail)
);
COMMENT ON TABLE lakemover.inv_feature IS 'features of SQL Server that tables and columns of a source use and that PostgreSQL does not have';

-- What is made after the tables. facts, definition and comments are those of the catalog query "code"
-- (extension/src/source/postgres/catalog_code_queries.hpp).
CREATE TABLE lakemover.inv_code (
    source      name NOT NULL,
    kind        text NOT NULL,          -- view, materialized view, function, procedure, aggregate, operator, trigger, rule, policy, ...
    object_id   bigint NOT NULL,
    schema_name text NOT NULL,
    object_name text NOT NULL,          -- of routines and operators with the types of the arguments, quoted where need be
    table_id    bigint,                 -- the table or view that it belongs to
    facts       jsonb NOT NULL,
    definition  text,
    comments    jsonb,
    PRIMARY KEY (source, kind, object_id)
);
COMMENT ON TABLE lakemover.inv_code IS 'views, routines, triggers, rules, policies, statistics and settings of tables of a PostgreSQL source';

CREATE TABLE lakemover.inv_need (
    source         name NOT NULL,
    class          text NOT NULL,       -- relation, routine, type, operator, trigger, rule, policy, statistics, constraint, default
    object_id      bigint NOT NULL,     -- of a default: the table's
    part           int NOT NULL,        -- of a default: the column's
    needs_class    text NOT NULL,       -- relation, routine, type, operator, constraint, other
    needs_id       bigint NOT NULL,
    needs_column   int NOT NULL,        -- 0: the whole
    needs_name     text NOT NULL,
    extension_name text,
    PRIMARY KEY (source, class, object_id, part, needs_class, needs_id, needs_column)
);
COMMENT ON TABLE lakemover.inv_need IS 'what objects of a PostgreSQL source need of each other and of extensions';

CREATE TABLE lakemover.inv_grant (
    source      name NOT NULL,
    class       text NOT NULL,          -- relation, column, sequence, routine, type, schema
    object_id   bigint NOT NULL,
    part        text,                   -- the column's or the schema's name
    grantee     text,                   -- null: PUBLIC
    privileges  text[] NOT NULL,        -- none: PUBLIC has not what it has by default
    grantable   boolean NOT NULL
);
CREATE INDEX ON lakemover.inv_grant (source, class, object_id);
COMMENT ON TABLE lakemover.inv_grant IS 'privileges on the objects of a PostgreSQL source, without those of owners';

CREATE TABLE lakemover.inv_owner (
    source      name NOT NULL,
    class       text NOT NULL,          -- relation, sequence, routine, type, operator, collation, statistics, schema
    object_id   bigint NOT NULL,
    part        text,                   -- the schema's name
    owner       text NOT NULL,
    is_home     boolean NOT NULL,       -- the database's owner, the source's user, a superuser, or a role of the server's own
    PRIMARY KEY (source, class, object_id)
);
COMMENT ON TABLE lakemover.inv_owner IS 'who owns the objects of a PostgreSQL source';

CREATE TABLE lakemover.inv_unreadable (
    source      name NOT NULL,
    topic       text NOT NULL,
    error       text NOT NULL,
    PRIMARY KEY (source, topic)
);
COMMENT ON TABLE lakemover.inv_unreadable IS 'catalog views that a source''s user could not read, or that its version does not have: what they list is not known';

CREATE TABLE lakemover.inv_locked (
    source      name NOT NULL,
    item_no     int NOT NULL,
    relation_id bigint,                 -- null: what uses a locked relation
    kind        text NOT NULL,          -- table, view, materialized view, sequence, routine
    schema_name text NOT NULL,
    object_name text NOT NULL,
    why         text NOT NULL,
    PRIMARY KEY (source, item_no)
);
COMMENT ON TABLE lakemover.inv_locked IS 'what an inventory left out, since reading its definition would have waited for somebody''s lock';

CREATE TABLE lakemover.inv_not_translated (
    source      name NOT NULL,
    kind        text NOT NULL,          -- default, check, computed column, index filter, index
    object_id   bigint NOT NULL,
    ordinal     int NOT NULL DEFAULT 0, -- of the column, 0 for none
    table_id    bigint NOT NULL,
    object_name text NOT NULL,
    definition  text,
    reason      text NOT NULL,
    PRIMARY KEY (source, kind, object_id, ordinal)
);
COMMENT ON TABLE lakemover.inv_not_translated IS 'what of a SQL Server source has no translation and so does not move, with its definition';

CREATE TABLE lakemover.source_scope (
    source      name NOT NULL,
    schema_name text NOT NULL,
    PRIMARY KEY (source, schema_name)
);
COMMENT ON TABLE lakemover.source_scope IS 'the schemas of a source that are looked at; none listed means all; applied by lakemover.inventory()';

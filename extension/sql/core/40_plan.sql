-- What migrate will do. A DBA edits these with UPDATE; the trigger in plan/ records which columns
-- were edited, so that planning again keeps them.

CREATE TABLE lakemover.plan (
    source      name PRIMARY KEY,
    profile     text NOT NULL DEFAULT 'native' CHECK (profile IN ('native', 'portable')),
    naming      text NOT NULL DEFAULT 'preserve' CHECK (naming IN ('preserve', 'lower', 'snake')),
    -- SQL Server only; null for other sources. What new columns get, in plan_column.
    char_as          text CHECK (char_as IN ('char', 'varchar')),
    ci               text CHECK (ci IN ('none', 'icu', 'citext')), -- columns in which upper and lower case are equal
    on_nul           text CHECK (on_nul IN ('strip', 'fail')),
    on_surrogate     text CHECK (on_surrogate IN ('replace', 'fail')),
    on_seventh_digit text CHECK (on_seventh_digit IN ('truncate', 'round', 'fail')),
    privileges  boolean NOT NULL DEFAULT true,      -- move GRANTs to, and objects of, roles that the target has
    large_objects boolean NOT NULL DEFAULT true,    -- move them, whatever the schemas in scope: they have none
    planned_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    fingerprint text NOT NULL           -- of the source's schema when the plan was made
);
COMMENT ON TABLE lakemover.plan IS 'one plan per source';

CREATE TABLE lakemover.schema_map (
    source        name NOT NULL,
    source_schema text NOT NULL,
    target_schema text NOT NULL,
    PRIMARY KEY (source, source_schema)
);
COMMENT ON TABLE lakemover.schema_map IS 'where a source''s schemas go on the target; one without a row goes where the naming policy says; applied by lakemover.plan()';

CREATE TABLE lakemover.role_map (
    source      name NOT NULL,
    source_role text NOT NULL,
    target_role text NOT NULL,
    PRIMARY KEY (source, source_role)
);
COMMENT ON TABLE lakemover.role_map IS 'which role of the target stands for a role of the source, in privileges, policies and ownership; one without a row has its own name';

CREATE TABLE lakemover.plan_table (
    source        name NOT NULL,
    table_id      bigint NOT NULL,
    source_schema text NOT NULL,
    source_table  text NOT NULL,
    target_schema text NOT NULL,
    target_table  text NOT NULL,
    keep_quoted   boolean NOT NULL DEFAULT false,  -- accept a name that needs quotes as it is
    exclude       boolean NOT NULL DEFAULT false,
    row_filter    text,                 -- a WHERE condition on the source, trusted like the operator who wrote it
    chunking      text NOT NULL DEFAULT 'auto' CHECK (chunking IN ('auto', 'keyset', 'ctid', 'row_number', 'single')),
    batch_rows    int CHECK (batch_rows > 0),      -- null: from a sample
    copy_format   text NOT NULL DEFAULT 'auto' CHECK (copy_format IN ('auto', 'binary', 'text')),
    load_rank     int,                  -- from lakemover.load_order(), informative
    priority      int NOT NULL DEFAULT 0,          -- higher loads earlier among the ready ones
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, table_id)
);
COMMENT ON TABLE lakemover.plan_table IS 'per table: target name, exclusion, filter, chunking, order; edit with UPDATE';

CREATE TABLE lakemover.plan_column (
    source        name NOT NULL,
    table_id      bigint NOT NULL,
    ordinal       int NOT NULL,
    source_column text NOT NULL,
    target_column text NOT NULL,
    target_type   text NOT NULL,
    keep_quoted   boolean NOT NULL DEFAULT false,
    exclude       boolean NOT NULL DEFAULT false,
    transform     text,                 -- SQL expression on the source that replaces the column
    pass          int NOT NULL DEFAULT 1 CHECK (pass IN (1, 2)),  -- 2: filled after all other columns of the table are loaded
    -- What PostgreSQL cannot store of SQL Server's values; null where the type has no such values.
    on_nul           text CHECK (on_nul IN ('strip', 'fail')),                           -- U+0000 in text
    on_surrogate     text CHECK (on_surrogate IN ('replace', 'fail')),                   -- half a surrogate pair
    on_seventh_digit text CHECK (on_seventh_digit IN ('truncate', 'round', 'fail')),     -- of a second
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, table_id, ordinal),
    FOREIGN KEY (source, table_id) REFERENCES lakemover.plan_table ON DELETE CASCADE
);
COMMENT ON TABLE lakemover.plan_column IS 'per column: target name and type, exclusion, transform, pass, treatment of what PostgreSQL cannot store; edit with UPDATE';

CREATE TABLE lakemover.plan_constraint (
    source        name NOT NULL,
    constraint_id bigint NOT NULL,
    table_id      bigint NOT NULL,
    kind          text NOT NULL,
    source_name   text NOT NULL,
    target_name   text NOT NULL,
    exclude       boolean NOT NULL DEFAULT false,
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, constraint_id)
);
COMMENT ON TABLE lakemover.plan_constraint IS 'per constraint: target name, exclusion';

CREATE TABLE lakemover.plan_index (
    source        name NOT NULL,
    index_id      bigint NOT NULL,
    table_id      bigint NOT NULL,
    source_name   text NOT NULL,
    target_name   text NOT NULL,
    exclude       boolean NOT NULL DEFAULT false,
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, index_id)
);
COMMENT ON TABLE lakemover.plan_index IS 'per index that no constraint owns: target name, exclusion';

CREATE TABLE lakemover.plan_sequence (
    source        name NOT NULL,
    sequence_id   bigint NOT NULL,
    source_schema text NOT NULL,
    source_name   text NOT NULL,
    target_schema text NOT NULL,
    target_name   text NOT NULL,
    exclude       boolean NOT NULL DEFAULT false,
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, sequence_id)
);
COMMENT ON TABLE lakemover.plan_sequence IS 'per sequence: target name, exclusion';

CREATE TABLE lakemover.plan_routine (
    source        name NOT NULL,
    routine_id    bigint NOT NULL,
    kind          text NOT NULL,        -- function, procedure, aggregate, trigger, view, materialized view, ...
    source_name   text NOT NULL,
    target_schema text,                 -- null: follows its table, or has no schema
    target_name   text,                 -- of routines and operators with the types of the arguments
    action        text NOT NULL DEFAULT 'report' CHECK (action IN ('move', 'report', 'skip')),
    reason        text,                 -- why it is not moved
    edited        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source, kind, routine_id)
);
COMMENT ON TABLE lakemover.plan_routine IS 'views, routines, triggers and other objects beside the tables: what happens to each, and why; skip keeps one from moving, and what needs it';

-- Kept by plan() and by edits of the plan, since every statement of the target's schema asks for it.
CREATE TABLE lakemover.plan_unmoved (
    source    name NOT NULL,
    class     text NOT NULL,
    object_id bigint NOT NULL,
    part      int NOT NULL DEFAULT 0,   -- of a default: the column's ordinal
    reason    text NOT NULL,
    PRIMARY KEY (source, class, object_id, part)
);
COMMENT ON TABLE lakemover.plan_unmoved IS 'objects of a source that cannot move, themselves or for what they need; classes as in inv_need';

-- Registries: plain tables that a DBA may edit. pg_dump keeps what was edited.

CREATE TABLE lakemover.type_map (
    engine      text NOT NULL,
    profile     text NOT NULL,
    source_type text NOT NULL,
    target_type text NOT NULL,
    note        text,
    PRIMARY KEY (engine, profile, source_type)
);
COMMENT ON TABLE lakemover.type_map IS 'target type per engine, type profile and source type (base name without modifiers); a source type without a row stays itself on PostgreSQL sources';

CREATE TABLE lakemover.reserved_word (
    word     text PRIMARY KEY,
    category text NOT NULL
);
COMMENT ON TABLE lakemover.reserved_word IS 'words that the target reserves (lower case); the loader refreshes them from pg_get_keywords() of the target';

CREATE TABLE lakemover.check (
    check_id       text PRIMARY KEY,
    ordinal        int NOT NULL,
    title          text NOT NULL,
    severity       text NOT NULL CHECK (severity IN ('BLOCKER', 'WARNING', 'INFO')),
    detects        text NOT NULL,
    recommendation text NOT NULL,
    enabled        boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE lakemover.check IS 'the assessment''s checks with severity and recommendation; editable';

CREATE TABLE lakemover.code_effort (
    class           text PRIMARY KEY CHECK (class IN ('equivalent', 'unverified', 'review', 'manual', 'absent')),
    ordinal         int NOT NULL,
    hours           numeric NOT NULL CHECK (hours >= 0),            -- for each object
    hours_per_point numeric NOT NULL CHECK (hours_per_point >= 0),  -- for each point of its score
    what            text NOT NULL
);
COMMENT ON TABLE lakemover.code_effort IS 'hours of a person per class of converted code, for the assessment; assumptions, editable';

CREATE TABLE lakemover.target_fact (
    name       text PRIMARY KEY,
    value      text,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lakemover.target_fact IS 'what the loader found out about the target (version, extensions, privileges, limits); checks that need a missing fact say "not checked"';

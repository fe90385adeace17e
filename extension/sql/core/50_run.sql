-- State and history. Kill anything, start it again, and the run goes on from here.

CREATE TABLE lakemover.loader (
    loader_id  text PRIMARY KEY,        -- host:pid:start, unique over restarts
    host       text NOT NULL,
    pid        int NOT NULL,
    mode       text NOT NULL CHECK (mode IN ('cli', 'daemon')),
    version    text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lakemover.loader IS 'loaders that serve this staging database; one is alive while its heartbeat is younger than 15 seconds';

CREATE TABLE lakemover.run (
    run_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_uuid        uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    source          name NOT NULL,
    kind            text NOT NULL DEFAULT 'migration' CHECK (kind IN ('migration', 'comparison', 'repair')),
    state           text NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'running', 'paused', 'done', 'incomplete', 'failed', 'cancelled', 'interrupted')),
    phase           text NOT NULL DEFAULT 'queued',
    options         jsonb NOT NULL DEFAULT '{}',
    profile         text NOT NULL DEFAULT 'native',
    plan_hash       text,
    source_identity text,
    target_identity text,
    hash_key        bytea NOT NULL,     -- 16 bytes: key of the row digests, kept for resume
    epoch           int NOT NULL DEFAULT 0,
    requested_by    text NOT NULL DEFAULT session_user,
    requested_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    ended_at        timestamptz,
    loader_id       text,
    heartbeat       timestamptz,
    shared          boolean NOT NULL DEFAULT false,  -- a daemon leads it: other daemons may help, and take it over
    helpers         text NOT NULL DEFAULT 'no' CHECK (helpers IN ('no', 'open', 'held')),  -- whether other loaders may take batches now
    cancel_requested boolean NOT NULL DEFAULT false,
    pause_requested text,               -- by whom; null: not
    pause_reason    text,               -- paused: what it waits for
    verdict         text,               -- SUCCESS, SUCCESS WITH EXCEPTIONS, INCOMPLETE, VALIDATION FAILED, FAILED, CANCELLED, INTERRUPTED
    exit_code       int,
    error           text,
    audit_dir       text,
    workers         int,                -- that its present loader chose, see event "workers" for the reason
    assessment_id   bigint
);
COMMENT ON TABLE lakemover.run IS 'one row per run: a migration, a comparison of the source with a target that it does not write to, or a comparison that makes rows equal';
REVOKE ALL ON lakemover.run FROM PUBLIC;

CREATE TABLE lakemover.run_loader (
    member_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- its name in the ledger on the target
    run_id     bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    loader_id  text NOT NULL,
    epoch      int NOT NULL,            -- of the run when it joined
    workers    int NOT NULL,
    state      text NOT NULL DEFAULT 'joined' CHECK (state IN ('joined', 'left', 'lost')),
    joined_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat  timestamptz NOT NULL DEFAULT clock_timestamp(),
    left_at    timestamptz
);
COMMENT ON TABLE lakemover.run_loader IS 'loaders that help with a run which another loader leads; lost: fenced off after 15 seconds without a heartbeat';
CREATE UNIQUE INDEX ON lakemover.run_loader (run_id, loader_id) WHERE state = 'joined';

CREATE TABLE lakemover.run_table (
    run_id        bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id      bigint NOT NULL,
    spec          jsonb NOT NULL,       -- the frozen plan of the table, see docs/architecture.md
    load_rank     int NOT NULL,
    cycle         int,                  -- number of its FK cycle, if any
    priority      bigint NOT NULL DEFAULT 0,
    est_bytes     bigint NOT NULL DEFAULT 0,
    state         text NOT NULL DEFAULT 'pending'
                  CHECK (state IN ('pending', 'loading', 'loaded', 'done', 'incomplete', 'failed', 'blocked')),
    chunks        int,                  -- null: not cut yet
    started_at    timestamptz,
    loaded_at     timestamptz,
    ended_at      timestamptz,
    rows_copied   bigint,               -- sum of the ledger
    bytes_copied  bigint,
    source_rows   bigint,               -- exact count in the snapshot
    target_rows   bigint,
    source_checksum text,               -- of all its rows, see lakemover.source_checksum(); null: of a sample only
    snapshot_id   text,                 -- the point in time that its rows are of
    source_lsn    text,
    snapshot_at   timestamptz,
    count_s       double precision,     -- seconds that the exact count and the samples took on the source
    error         text,
    PRIMARY KEY (run_id, table_id)
);
COMMENT ON TABLE lakemover.run_table IS 'tables of a run: frozen plan, state, counts';

CREATE TABLE lakemover.run_dependency (
    run_id     bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id   bigint NOT NULL,
    depends_on bigint NOT NULL,
    PRIMARY KEY (run_id, table_id, depends_on)
);
COMMENT ON TABLE lakemover.run_dependency IS 'which tables must be loaded before a table starts (foreign keys, without those inside a cycle)';

CREATE TABLE lakemover.run_chunk (
    chunk_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id       bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id     bigint NOT NULL,
    chunk_no     int NOT NULL,
    pass         int NOT NULL DEFAULT 1 CHECK (pass IN (1, 2)),  -- 2: fills columns of rows that pass 1 loaded; its digest is of whole rows
    method       text NOT NULL CHECK (method IN ('keyset', 'ctid', 'row_number', 'single', 'rejects')),
    lower_bound  text[],                -- inclusive; null: from the start. ctid: {page}
    upper_bound  text[],                -- exclusive; null: to the end; literally the next chunk's lower_bound
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('waiting', 'pending', 'claimed', 'done', 'failed')),
    attempts     int NOT NULL DEFAULT 0,
    loader_id    text,
    heartbeat    timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    rows_copied  bigint,
    bytes_copied bigint,
    rows_rejected bigint NOT NULL DEFAULT 0,  -- refused by the target and set aside; not in rows_copied
    digest       numeric[],             -- {sum of lane 1, sum of lane 2}
    stats        jsonb,                 -- seconds per stage
    error        text,
    UNIQUE (run_id, table_id, chunk_no)
);
COMMENT ON TABLE lakemover.run_chunk IS 'chunks: one target transaction each; bounds are fixed before the chunk is read and never change; method rejects: rows that retry-rejects loaded afterwards; waiting: of the second pass, which has not begun';
CREATE INDEX ON lakemover.run_chunk (run_id, state);

CREATE TABLE lakemover.run_statement (
    run_id     bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    ordinal    int NOT NULL,
    stage      text NOT NULL,
    table_id   bigint,
    kind       text NOT NULL,
    object     text NOT NULL,
    sql        text NOT NULL,
    state      text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed', 'skipped')),
    error      text,
    seconds    double precision,
    code_no    int,                     -- of run_code: beside the plan, and not in its hash; 0: a schema that such code needs
    PRIMARY KEY (run_id, ordinal)
);
COMMENT ON TABLE lakemover.run_statement IS 'statements that a run executes on the target, in order, with their outcome';

CREATE TABLE lakemover.run_large_object (
    run_id    bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    loid      bigint NOT NULL,          -- the same on both sides
    bytes     bigint,                   -- null: the source's user may not read it
    owner     text,
    is_home   boolean,                  -- as in inv_owner
    grants    jsonb,                    -- [{grantee, privileges, grantable}] of others than the owner; grantee null is PUBLIC
    comment   text,
    PRIMARY KEY (run_id, loid)
);
COMMENT ON TABLE lakemover.run_large_object IS 'large objects of a run''s source in its snapshot: those that the run moves or compares';

CREATE TABLE lakemover.run_code (
    run_id      bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    no          int NOT NULL,           -- what an object needs has a lower one, unless they need each other
    kind        text NOT NULL,          -- view, function, procedure, trigger, synonym
    object_id   bigint NOT NULL,        -- on the source
    source_name text NOT NULL,          -- as plan_routine and not_moved() call it
    target_name text,                   -- quoted
    class       text NOT NULL CHECK (class IN ('equivalent', 'review', 'manual')),
    score       numeric NOT NULL,
    verified    boolean NOT NULL,
    absent      boolean NOT NULL,       -- something that it uses does not move: no fault of its own
    reason      text,                   -- why it was not verified
    notes       jsonb NOT NULL,
    source_sql  text,                   -- null: encrypted, or not for the user who reads
    sql         text,
    needs       int[] NOT NULL DEFAULT '{}',
    table_ids   bigint[] NOT NULL DEFAULT '{}',
    left_out    text,                   -- why the run does not create it; null: it does
    PRIMARY KEY (run_id, no)
);
COMMENT ON TABLE lakemover.run_code IS 'code of a SQL Server source as the run converted and verified it, and whether it is created on the target';

CREATE TABLE lakemover.run_object (
    run_id    bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    kind      text NOT NULL,
    name      text NOT NULL,            -- quoted
    table_id  bigint,
    class_id  oid,                      -- place in the target's catalogs
    object_id oid,
    PRIMARY KEY (run_id, kind, name)
);
COMMENT ON TABLE lakemover.run_object IS 'objects that a run made on the target, for rolling it back when the ledger there is gone';

CREATE TABLE lakemover.event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id   bigint REFERENCES lakemover.run ON DELETE CASCADE,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    level    text NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR')),
    kind     text NOT NULL,
    table_id bigint,
    message  text NOT NULL,
    data     jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE lakemover.event IS 'what happened, in order; the audit directory holds the same as JSON lines';
CREATE INDEX ON lakemover.event (run_id, event_id);

CREATE TABLE lakemover.snapshot (
    run_id      bigint PRIMARY KEY REFERENCES lakemover.run ON DELETE CASCADE,
    state       text NOT NULL DEFAULT 'starting' CHECK (state IN ('starting', 'held', 'released', 'lost', 'failed')),
    snapshot_id text,                   -- PostgreSQL: pg_export_snapshot(); SQL Server: frozen, sessions, table, inconsistent
    source_lsn  text,                   -- WAL position when it was taken
    source_pid  int,                    -- backend that holds it on the source
    level       text CHECK (level IN ('same', 'table', 'none')),  -- one point for all tables, one per table, none
    proof       text,                   -- how that is known
    type_faults text[],                 -- what the source's driver delivers wrongly, found before the first row is read
    keeper_pid  int,                    -- background worker in staging
    taken_at    timestamptz,
    released_at timestamptz,
    changes     jsonb,                  -- whether the source was written to since: {verdict, compared, tables}
    error       text,                   -- why it failed or was lost; the rest says more
    error_sqlstate text,
    error_detail text,
    error_hint  text
);
COMMENT ON TABLE lakemover.snapshot IS 'the source snapshot of a run, held by a background worker in staging';

CREATE TABLE lakemover.source_activity (
    run_id      bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    moment      text NOT NULL CHECK (moment IN ('snapshot', 'end')),
    read_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    lsn         text,
    in_recovery boolean,
    stats_reset text,
    started_at  text,                   -- the source's server: counters do not survive every restart
    rowversion  text,                   -- SQL Server: the greatest of the database (@@DBTS)
    tables      jsonb,                  -- by table: rows inserted, updated, deleted, number of its file; SQL Server: rows
    error       text,
    PRIMARY KEY (run_id, moment)
);
COMMENT ON TABLE lakemover.source_activity IS 'the source''s log position and counters of writes, just before a run''s snapshot and before its verdict';

CREATE TABLE lakemover.validation (
    run_id       bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id     bigint NOT NULL,
    level        int NOT NULL CHECK (level BETWEEN 0 AND 4),
    verdict      text NOT NULL CHECK (verdict IN ('equal', 'equal under policy', 'equal except rejects', 'different', 'not comparable', 'not run')),
    rows_covered bigint,
    source_value text,
    target_value text,
    detail       jsonb NOT NULL DEFAULT '{}',
    seconds      double precision,
    checked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, table_id, level)
);
COMMENT ON TABLE lakemover.validation IS 'one row per table and validation level: verdict, coverage, digests';

CREATE TABLE lakemover.run_sample (
    run_id    bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id  bigint NOT NULL,
    level     int NOT NULL CHECK (level IN (3, 4)),
    row_no    bigint NOT NULL,
    row_key   text[],
    row_hash   text,                     -- level 3
    fields    text[],                   -- level 4: values as text, and in hex
    hex       text[],
    PRIMARY KEY (run_id, table_id, level, row_no)
);
COMMENT ON TABLE lakemover.run_sample IS 'what validation compares the target with, read from the source in the transaction that read the table''s rows; emptied when the run ends, unless it can be resumed';

CREATE TABLE lakemover.run_reject (
    run_id      bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id    bigint NOT NULL,
    chunk_no    int NOT NULL,
    ordinal     int NOT NULL,           -- within the chunk
    row_key     text,
    key_values  text,                   -- the key as a JSON array of texts; null without a key
    column_name text,                   -- on the target, where it is known
    sqlstate    text NOT NULL,
    reason      text NOT NULL,
    row_bytes   bigint NOT NULL,
    lane1       numeric NOT NULL,       -- digest of the row
    lane2       numeric NOT NULL,
    rejected_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, table_id, chunk_no, ordinal)
);
COMMENT ON TABLE lakemover.run_reject IS 'rows that the target refused for their data and that are not in their tables yet, as the ledger on the target has them; the rows themselves are there only';

CREATE TABLE lakemover.difference (
    run_id       bigint NOT NULL REFERENCES lakemover.run ON DELETE CASCADE,
    table_id     bigint NOT NULL,
    level        int NOT NULL,
    row_key      text,
    column_name  text,
    source_value text,
    target_value text,
    source_hex   text,
    target_hex   text,
    cause        text NOT NULL
);
COMMENT ON TABLE lakemover.difference IS 'differences that validation found: table, key, column, both values';
CREATE INDEX ON lakemover.difference (run_id, table_id);

-- What the assessment saw in rows of the source. Replaced whole by each assessment.
CREATE TABLE lakemover.data_look (
    source     name PRIMARY KEY,
    mode       text NOT NULL CHECK (mode IN ('off', 'sample', 'full')),
    row_limit  bigint NOT NULL,         -- of each look; 0: all rows
    budget     double precision,        -- seconds for all looks; null: no limit
    redacted   boolean NOT NULL,
    looks      int NOT NULL DEFAULT 0,
    looks_done int NOT NULL DEFAULT 0,
    seconds    double precision NOT NULL DEFAULT 0,
    taken_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lakemover.data_look IS 'how the rows of a source were looked at by its latest assessment: mode, limits, time';

CREATE TABLE lakemover.data_probe (
    source      name NOT NULL,
    probe_no    int NOT NULL,           -- of the look
    item        int NOT NULL,           -- of its checks; -1: there is no answer
    check_id    text NOT NULL,
    table_id    bigint NOT NULL,
    object_id   bigint,                 -- a constraint or an index
    column_name text,
    complete    boolean NOT NULL,       -- every row was looked at
    looked      bigint,
    hits        bigint,
    largest     bigint,
    example     text,
    error       text,
    seconds     double precision NOT NULL,
    PRIMARY KEY (source, probe_no, item)
);
COMMENT ON TABLE lakemover.data_probe IS 'one row per check of rows: how many were looked at, how many it hits, the largest, an example; judged by lakemover._check_data()';

CREATE TABLE lakemover.read_probe (
    source   name PRIMARY KEY,
    tables   int NOT NULL,
    rows     bigint NOT NULL,
    bytes    bigint NOT NULL,
    seconds  double precision NOT NULL,
    error    text,                      -- the last one: why a table gave no answer
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lakemover.read_probe IS 'how fast the latest assessment of a source read rows of its largest tables, as a run reads them; judged by lakemover._estimate()';

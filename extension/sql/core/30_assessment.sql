CREATE TABLE lakemover.assessment (
    assessment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source        name NOT NULL,
    taken_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    score         int NOT NULL CHECK (score BETWEEN 0 AND 100),
    status        text NOT NULL,
    blockers      int NOT NULL,
    warnings      int NOT NULL,
    infos         int NOT NULL,
    seconds       double precision NOT NULL,
    summary       jsonb NOT NULL DEFAULT '{}',
    report_dir    text,     -- of its reports; null: a daemon writes them, empty: nobody wants them
    report_error  text      -- why a daemon could not
);
COMMENT ON TABLE lakemover.assessment IS 'one row per assessment: score, status in plain words, counts by severity';

CREATE TABLE lakemover.finding (
    assessment_id bigint NOT NULL REFERENCES lakemover.assessment ON DELETE CASCADE,
    finding_no    int NOT NULL,
    check_id      text NOT NULL,
    severity      text NOT NULL,
    schema_name   text,
    object_name   text,
    column_name   text,
    message       text NOT NULL,
    recommendation text NOT NULL,
    evidence      jsonb NOT NULL DEFAULT '{}',
    remedy_sql    text,                 -- an override or statement that resolves it, where one can be generated
    PRIMARY KEY (assessment_id, finding_no)
);
COMMENT ON TABLE lakemover.finding IS 'findings of an assessment';

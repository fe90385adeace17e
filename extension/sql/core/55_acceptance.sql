-- What a person accepted, with a reason: a table of a run as it is, or an assessment before the first row moves.
CREATE TABLE lakemover.acceptance (
    acceptance_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        bigint REFERENCES lakemover.run ON DELETE CASCADE,
    table_id      bigint,
    signoff       text,                 -- of an assessment: lakemover._signoff()
    object        text NOT NULL,        -- for people: the table's name on the target, or the source's
    reason        text NOT NULL CHECK (reason <> ''),
    accepted_by   text NOT NULL CHECK (accepted_by <> ''),
    accepted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by   text NOT NULL DEFAULT session_user,
    fingerprint   text NOT NULL,        -- of the key that signed it
    CHECK ((run_id IS NULL) = (table_id IS NULL) AND (table_id IS NULL) = (signoff IS NOT NULL))
);
COMMENT ON TABLE lakemover.acceptance IS 'what was accepted, by whom and why: lakemover accept writes it, and into a signed audit directory';
CREATE INDEX ON lakemover.acceptance (run_id, table_id);

CREATE TYPE lakemover._found AS (
    check_id    text,
    severity    text,       -- null: the check's own
    schema_name text,
    object_name text,
    column_name text,
    message     text,
    evidence    jsonb,
    remedy_sql  text
);
COMMENT ON TYPE lakemover._found IS 'a finding before it is numbered and stored';

-- The portable profile: documents become text, instants become UTC wall-clock time. Types without a
-- row stay themselves; so the native profile needs none. Arrays follow their element type.
INSERT INTO lakemover.type_map (engine, profile, source_type, target_type, note) VALUES
    ('postgres', 'portable', 'json', 'text', 'the document as it was written'),
    ('postgres', 'portable', 'jsonb', 'text', 'the text form of jsonb: key order and white space as the source prints them'),
    ('postgres', 'portable', 'xml', 'text', 'the document as it was written'),
    ('postgres', 'portable', 'timestamp with time zone', 'timestamp without time zone', 'the instant as wall-clock time in UTC; infinity stays'),
    ('postgres', 'portable', 'timestamp without time zone', 'timestamp without time zone', 'unchanged'),
    ('postgres', 'portable', 'bytea', 'bytea', 'unchanged');

-- bench.mixed: :rows rows of 10 mixed columns, with a key; 3 million are about 490 MB.
SET synchronous_commit = off;
CREATE SCHEMA bench;
CREATE TABLE bench.mixed (
    id bigint NOT NULL, customer int NOT NULL, amount numeric(12,2) NOT NULL, ratio double precision, placed timestamptz NOT NULL,
    day date, token uuid NOT NULL, paid boolean, reference varchar(40), note text
);
INSERT INTO bench.mixed
SELECT i, i % 50021, (i % 1000003)::numeric / 100, CASE WHEN i % 11 > 0 THEN i / 7.0 END, timestamptz '2020-01-01 00:00+00' + i * interval '1.000001 seconds',
       date '2020-01-01' + (i % 2000)::int, md5(i::text)::uuid, CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END, 'ref-' || i::bigint * 7919 % 1000000007,
       CASE WHEN i % 10 > 0 THEN 'note of row ' || i || ': ' || substr('the quick brown fox jumps over the lazy dog, äöü 日本 and away over the hills', 1, (i % 73)::int) END
FROM generate_series(1, :rows) i;
ALTER TABLE bench.mixed ADD PRIMARY KEY (id);
VACUUM (FREEZE, ANALYZE) bench.mixed;
CHECKPOINT;

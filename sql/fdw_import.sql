-- IMPORT FOREIGN SCHEMA, from another database in which types exist that are not known here.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset
CREATE DATABASE lakemover_regress_source TEMPLATE template0;
\set HERE :DBNAME
\c lakemover_regress_source
SET client_min_messages = warning;
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA empty;
SET search_path = "Sales Dept";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN euros AS numeric(10,2) CHECK (value >= 0);
CREATE DOMAIN big_euros AS euros CHECK (value >= 1000);
CREATE TYPE address AS (street text, zip int);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE COLLATION odd FROM "C";
CREATE TABLE "Order Lines" (
    "Order" bigint NOT NULL,
    line int GENERATED ALWAYS AS IDENTITY,
    price euros,
    bulk big_euros NOT NULL,
    moods mood[],
    feeling mood DEFAULT 'ok',
    sent_to address,
    valid span,
    code char(3) COLLATE "C",
    odd_text varchar(20) COLLATE odd,
    "quote""d" text,
    double_line int GENERATED ALWAYS AS ("Order" * 2) STORED,
    PRIMARY KEY ("Order", line)
);
INSERT INTO "Order Lines" ("Order", price, bulk, moods, feeling, sent_to, valid, code, odd_text, "quote""d")
SELECT i, i + 3, 1000 + i, ARRAY['sad', 'happy']::mood[], 'sad', ROW('Main St, "5"', i)::address, '[1,5)', 'a', 'x', 'y' FROM generate_series(1, 3) i;
CREATE TABLE parted (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO parted SELECT i, 'v' || i FROM generate_series(0, 199) i;
CREATE TABLE dropped (a int, gone int, b int);
ALTER TABLE dropped DROP COLUMN gone;
CREATE TABLE nothing ();
CREATE VIEW view_of AS SELECT "Order", price FROM "Order Lines";
CREATE MATERIALIZED VIEW mat AS SELECT 1 AS one;
CREATE SEQUENCE seq;
ANALYZE "Order Lines", parted, dropped, mat;
\c :HERE
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw
    OPTIONS (engine 'postgres', host :'host', port :'port', dbname 'lakemover_regress_source');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER');

IMPORT FOREIGN SCHEMA missing FROM SERVER src INTO public;
IMPORT FOREIGN SCHEMA "Sales Dept" FROM SERVER src INTO public OPTIONS (import_all 'true');
IMPORT FOREIGN SCHEMA "Sales Dept" FROM SERVER src INTO public OPTIONS (import_collate 'perhaps');
IMPORT FOREIGN SCHEMA empty FROM SERVER src INTO public;

CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA "Sales Dept" FROM SERVER src INTO imp;
SELECT c.relname, pg_catalog.array_to_string(f.ftoptions, ', ') AS options
  FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid ORDER BY c.relname COLLATE "C";
\d imp.*
SELECT * FROM imp."Order Lines" ORDER BY "Order";
SELECT count(*), sum(id) FROM imp.parted;
SELECT count(*) FROM imp.nothing;
-- what came as text is not compared on the source, where it is something else; NULL is NULL everywhere but in composites
EXPLAIN (VERBOSE, COSTS OFF) SELECT line FROM imp."Order Lines" WHERE feeling = 'sad' AND "Order" = 2;
SELECT line FROM imp."Order Lines" WHERE feeling = 'sad' AND "Order" = 2;
EXPLAIN (VERBOSE, COSTS OFF) SELECT line FROM imp."Order Lines" WHERE feeling IS NULL;
EXPLAIN (VERBOSE, COSTS OFF) SELECT line FROM imp."Order Lines" WHERE sent_to IS NULL;
EXPLAIN (VERBOSE, COSTS OFF) SELECT line FROM imp."Order Lines" WHERE price > 5;

-- names: LIMIT TO reaches partitions, EXCEPT keeps them out
CREATE SCHEMA imp_limit;
IMPORT FOREIGN SCHEMA "Sales Dept" LIMIT TO (parted_1, mat, "no such table") FROM SERVER src INTO imp_limit;
\d imp_limit.*
CREATE SCHEMA imp_except;
IMPORT FOREIGN SCHEMA "Sales Dept" EXCEPT ("Order Lines", parted, view_of) FROM SERVER src INTO imp_except
    OPTIONS (import_not_null 'false', import_collate 'false');
SELECT relname FROM pg_class WHERE relnamespace = 'imp_except'::regnamespace ORDER BY relname COLLATE "C";
-- without NOT NULL and collations
CREATE SCHEMA imp_bare;
SET client_min_messages = warning;
IMPORT FOREIGN SCHEMA "Sales Dept" LIMIT TO ("Order Lines") FROM SERVER src INTO imp_bare
    OPTIONS (import_not_null 'false', import_collate 'false');
RESET client_min_messages;
\d imp_bare.*

-- a type of the same name is used, whatever it looks like: values that it refuses are errors that say where
CREATE SCHEMA "Sales Dept";
CREATE TYPE "Sales Dept".mood AS ENUM ('happy', 'ok');
CREATE SCHEMA imp_type;
SET client_min_messages = warning;
IMPORT FOREIGN SCHEMA "Sales Dept" LIMIT TO ("Order Lines") FROM SERVER src INTO imp_type;
RESET client_min_messages;
SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'imp_type."Order Lines"'::regclass AND attname IN ('feeling', 'moods');
SELECT feeling FROM imp_type."Order Lines";

-- a table that is there already is an error and nothing is half done
IMPORT FOREIGN SCHEMA "Sales Dept" LIMIT TO (dropped, mat) FROM SERVER src INTO imp_limit;

SET client_min_messages = warning;
DROP SERVER src CASCADE;
DROP SCHEMA imp, imp_limit, imp_except, imp_bare, imp_type, "Sales Dept" CASCADE;
DROP DATABASE lakemover_regress_source WITH (FORCE);

-- What cannot be rehearsed, told before a source is asked; and what is forgotten afterwards.
SET client_min_messages = warning;
SELECT plan(9);

CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host '/nowhere', dbname 'x');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
SELECT throws_like($$SELECT lakemover._begin_rehearsal('ms', 0.05)$$, '%is not PostgreSQL', 'another engine');
SELECT throws_like($$SELECT lakemover._begin_rehearsal('src', 0)$$, 'invalid share%', 'no share');
SELECT throws_like($$SELECT lakemover._begin_rehearsal('src', 1.1)$$, 'invalid share%', 'more than all');
SELECT throws_like($$SELECT lakemover._begin_rehearsal('src', 0.05)$$, 'there is no plan%', 'no plan');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS ("user" 'u', password 'planted');
SELECT throws_like($$SELECT lakemover._begin_rehearsal('src', 0.05)$$, '%holds the password itself', 'a password that would be repeated in a statement');
SELECT throws_ok($$SELECT lakemover._end_rehearsal('src')$$, '22023', NULL, 'a source that is none of a rehearsal is not forgotten');

CREATE SERVER lakemover_rehearsal_0a1b2c FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
INSERT INTO lakemover.source_scope VALUES ('lakemover_rehearsal_0a1b2c', 's'), ('src', 's');
SELECT throws_like('SELECT lakemover._source()', '%several sources: ms, src', 'the source of a rehearsal is not taken for one of the user');
SELECT lakemover._end_rehearsal('lakemover_rehearsal_0a1b2c');
SELECT set_eq('SELECT srvname FROM pg_foreign_server', '{ms,src}'::name[], 'the server is gone');
SELECT set_eq('SELECT source FROM lakemover.source_scope', '{src}'::name[], 'and what belonged to it');
SELECT * FROM finish();

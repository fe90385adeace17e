\echo Use "CREATE EXTENSION lakemover" to load this file. \quit

-- Nothing in this extension is for PUBLIC. Functions created below would get EXECUTE for
-- PUBLIC by default; the last file (zz_epilog) revokes it for every one of them.
COMMENT ON SCHEMA lakemover IS 'lakemover: assessment, plan, state and history of database migrations';

-- For docker-compose.yml: the target's role is no superuser and owns its database.
CREATE ROLE lakebase_user LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD 'target-password';
CREATE DATABASE databricks_postgres OWNER lakebase_user;

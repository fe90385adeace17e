#!/bin/bash
# For docker-compose.yml: the shop's database in SQL Server, and a login that may read it and nothing else.
set -e
sql() { /opt/mssql-tools18/bin/sqlcmd -C -S sqlserver -U sa -P "$MSSQL_SA_PASSWORD" -b "$@"; }
if [ "$(sql -h -1 -W -Q "SET NOCOUNT ON; SELECT COUNT(*) FROM sys.databases WHERE name = 'shop'")" != 0 ]; then exit 0; fi
sql -Q "CREATE DATABASE shop"
sql -Q "ALTER DATABASE shop SET ALLOW_SNAPSHOT_ISOLATION ON"
sql -d shop -I -f 65001 -i /shop.sql
sql -d shop -Q "CREATE LOGIN migrator WITH PASSWORD = 'Migrator-Passw0rd'; CREATE USER migrator FOR LOGIN migrator; ALTER ROLE db_datareader ADD MEMBER migrator; GRANT VIEW DEFINITION TO migrator; GRANT VIEW DATABASE STATE TO migrator"

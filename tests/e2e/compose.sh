#!/bin/bash
# docker-compose.yml is well formed, where there is a client to say so. The engine is not needed.
# timeout: 60
. "$(dirname "$0")/../lib/e2e.sh"
if ! docker compose version > /dev/null 2>&1; then
    echo "no docker compose here"
    exit 77
fi
lm_init compose
cd "$LM_ROOT" || exit 2
expect 0 "the PostgreSQL source" docker compose config --quiet
expect 0 "with SQL Server" docker compose --profile sqlserver config --quiet
expect 0 "its services" docker compose --profile sqlserver config --services
says '^sqlserver$' '^source$' '^target$' '^lakemover-sqlserver$'
finish

#!/bin/bash
# Wrong options and settings: one message that says what is valid, exit code 2, nothing begun.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init bad_options
lm_start_source
lm_start_target
lm_env

expect 2 "an unknown option" lm_cli --no-such-option
says 'no-such-option'
expect 2 "an unknown command" lm_cli migrat
says 'migrat'
expect 2 "a bad SOURCE_DB_TYPE" env SOURCE_DB_TYPE=oracle "$LM_LAKEMOVER" --assess-only
says 'SOURCE_DB_TYPE' 'oracle' 'postgres.*sqlserver.*azure_sql'
says_one_error
expect 2 "the same as a flag, which beats the environment" lm_cli --assess-only --source-db-type oracle
says 'oracle'
expect 2 "a port that is none" lm_cli --assess-only --source-port 70000
says 'SOURCE_PORT' '70000'
for mode in disable allow prefer; do
    expect 2 "LAKEBASE_SSLMODE=$mode" env LAKEBASE_SSLMODE=$mode "$LM_LAKEMOVER"
    says "LAKEBASE_SSLMODE=$mode" 'verify-full'
    says_one_error
done
expect 2 "an unknown sslmode" env LAKEBASE_SSLMODE=maybe "$LM_LAKEMOVER"
says 'maybe' 'verify-full'
expect 2 "a memory target that is no number" env MAX_MEMORY_TARGET_MB=lots "$LM_LAKEMOVER"
says 'max-memory-target-mb|MAX_MEMORY_TARGET_MB' 'lots'
expect 2 "a memory target that is too small" env MAX_MEMORY_TARGET_MB=1 "$LM_LAKEMOVER"
says 'MAX_MEMORY_TARGET_MB'
expect 2 "a negative number of workers" env LAKEMOVER_JOBS=-1 "$LM_LAKEMOVER"
expect 2 "an unknown profile" lm_cli --profile fancy
says 'fancy' 'native' 'portable'
expect 2 "a planning option of migrate" lm_cli migrate --naming snake
says_one_error
says 'naming is for planning' 'lakemover plan --naming snake'
expect 2 "an unknown value of --on-existing" lm_cli --on-existing=overwrite
says 'overwrite' 'refuse' 'drop'
expect 2 "no source" env -u SOURCE_HOST "$LM_LAKEMOVER" --assess-only
says 'SOURCE_HOST'
expect 2 "no target" env -u LAKEBASE_HOST "$LM_LAKEMOVER"
says 'LAKEBASE_HOST'
expect 2 "the source's password with the user's own staging" env LAKEMOVER_STAGING="host=$LM_TMP/nowhere dbname=x" "$LM_LAKEMOVER" --assess-only
says 'SOURCE_PASSWORD' 'LAKEMOVER_STAGING' 'password_file|user mapping'
expect 2 "a secret's file that is not there" env -u SOURCE_PASSWORD SOURCE_PASSWORD_FILE="$LM_TMP/no-such-file" "$LM_LAKEMOVER" --assess-only
says 'SOURCE_PASSWORD_FILE|no-such-file'
expect 2 "a secret's command that fails" env -u LAKEBASE_PASSWORD LAKEBASE_PASSWORD_COMMAND='echo vault is sealed >&2; exit 9' "$LM_LAKEMOVER"
says 'LAKEBASE_PASSWORD_COMMAND'
expect 6 "a CA file that is not there" env LAKEBASE_SSLROOTCERT="$LM_TMP/no-ca.crt" "$LM_LAKEMOVER"
says 'no-ca.crt'

# .env: read from the working directory, the environment beats it, a file that others can write is refused.
printf 'SOURCE_DB_TYPE=oracle\n' > .env
chmod 600 .env
if [ "$(id -u)" -eq 0 ]; then chown root: .env; fi
expect 2 "a .env file is read" env -u SOURCE_DB_TYPE "$LM_LAKEMOVER" --assess-only
says 'oracle'
chmod 666 .env
expect 2 "a .env file that others can write is refused" env -u SOURCE_DB_TYPE "$LM_LAKEMOVER" --assess-only
says '\.env'
says_not 'oracle'
chmod 600 .env
printf 'this is s3cret and no assignment\n' > .env
expect 2 "a malformed .env" lm_cli --assess-only
says '\.env' 'line 1'
says_not 's3cret'
rm -f .env

equal "schemas on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_namespace n WHERE $USER_SCHEMAS")"
expect 0 "--version" lm_cli --version
says '[0-9]+\.[0-9]+'
expect 0 "--help" lm_cli --help
says 'SOURCE_HOST|--source-host' 'assess-only' 'daemon'
check_nothing_left
finish

#!/bin/bash
# An audit directory that cannot be written, or whose disk fills up: a clear message that names it,
# the documented exit code, nothing half-done.
. "$(dirname "$0")/../lib/e2e.sh"
if [ "$(id -u)" -ne 0 ]; then
    echo "needs root for a file system of its own"
    exit 77
fi
lm_init audit_disk_full
lm_on_exit() { umount "$LM_TMP/small" 2>/dev/null; }
mkdir "$LM_TMP/small"
if ! mount -t tmpfs -o size=96k,mode=700 tmpfs "$LM_TMP/small" 2>/dev/null; then
    echo "cannot mount a file system here"
    exit 77
fi
lm_start_source
lm_start_target
lm_load_demo 0.02
lm_env
nothing_there() {
    equal "tables on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND $USER_SCHEMAS")"
}

expect 2 "an audit directory below a file" env LAKEMOVER_AUDIT_DIR=/etc/passwd/audit "$LM_LAKEMOVER" --assess-only
says '/etc/passwd/audit'
says_one_error

expect 3 "assessing elsewhere first" lm_cli --assess-only
expect 0 "planning" lm_cli plan
resolve_demo_blockers lm_cli psql > /dev/null || fail "overrides"

# Full from the start.
head -c 200000 /dev/zero > "$LM_TMP/small/filler" 2>/dev/null
export LAKEMOVER_AUDIT_DIR=$LM_TMP/small
expect 2 "a full disk" lm_cli
says "$LM_TMP/small" 'space|full'
nothing_there
# Full soon after: whatever was moved by then, the run says so and does not call it a success.
rm -f "$LM_TMP/small/filler"
find "$LM_TMP/small" -mindepth 1 -delete
"$LM_LAKEMOVER" > "$LM_TMP/out.soon" 2>&1 < /dev/null
status=$?
output $LM_TMP/out.soon
if [ $status -ne 0 ]; then pass "a disk that fills up: exit code $status"; else fail "a disk that fills up: exit code 0"; fi
says "$LM_TMP/small" 'space|full'
says_not 'SUCCESS'
check_nothing_left
finish

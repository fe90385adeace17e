#!/bin/bash
# run.sh [SUITE | SUITE/NAME]...: builds what is needed and runs the tests; all suites by default:
#   unit      GoogleTest, through ctest          sanitize  the same under ASan and UBSan
#   regress   pg_regress over sql/*.sql          pgtap     pg_prove over tests/pgtap/*.sql
#   e2e       tests/e2e/*.sh: whole runs, exit codes, cancel, memory
#   faults    random faults, each against a run that must end equal (tests/faults/faults.sh)
#   fuzz      the fuzz targets, for a few seconds each (tests/fuzz/fuzz.sh)
# One line per test; output of failed ones; the last line is "N passed, N failed". Logs: build/check.
set -u -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 2

passed=0
failed=0
skipped=0
failures=()
logs=$root/build/check
mkdir -p "$logs"
jobs=$(nproc)

ok() {
    passed=$((passed + 1))
    printf 'ok      %s\n' "$*"
}
not_ok() {
    failed=$((failed + 1))
    failures+=("$1")
    printf 'FAILED  %s\n' "$*"
}
skip() {
    skipped=$((skipped + 1))
    printf 'skipped %s\n' "$*"
}
# Shows the end of a log, indented, below the line of a failed test.
show() {
    tail -n "${2:-60}" "$1" | sed 's/^/        /'
}
finish() {
    if [ ${#failures[@]} -gt 0 ]; then
        printf '\nfailed:\n'
        local failure
        for failure in "${failures[@]}"; do
            printf '  %s\n' "$failure"
            # Again, since whoever shortens this output cuts its middle.
            if [ -f "$logs/${failure/\//-}.log" ]; then grep -E '^(FAILED|not ok)' "$logs/${failure/\//-}.log" | head -n 5 | sed 's/^/        /'; fi
        done
    fi
    if [ $skipped -gt 0 ]; then
        printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
    else
        printf '%d passed, %d failed\n' $passed $failed
    fi
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}

suites=(unit sanitize regress pgtap e2e faults fuzz)
wanted=("$@")
[ $# -gt 0 ] || wanted=("${suites[@]}")
for want in "${wanted[@]}"; do
    case " ${suites[*]} " in
        *" ${want%%/*} "*) ;;
        *) echo "run.sh: unknown suite \"$want\"; there are: ${suites[*]}" >&2; exit 2 ;;
    esac
done
# names SUITE: the names asked for within the suite; prints nothing for the whole suite.
names() {
    local want
    for want in "${wanted[@]}"; do
        [[ $want == "$1"/* ]] && printf '%s\n' "${want#*/}"
    done
}
asked() {
    local want
    for want in "${wanted[@]}"; do
        [[ $want == "$1" || $want == "$1"/* ]] && return 0
    done
    return 1
}
# selected SUITE NAME: was this test asked for, by name or by its suite?
selected() {
    local want
    for want in "${wanted[@]}"; do
        [[ $want == "$1" || $want == "$1/$2" ]] && return 0
    done
    return 1
}

if ! make --no-print-directory stage > "$logs/build.log" 2>&1; then
    not_ok build
    show "$logs/build.log"
    finish
fi

# shellcheck source=tests/lib/cluster.sh
. "$root/tests/lib/cluster.sh"
child=
declare -A running=()  # end-to-end tests under way, by process
# shellcheck disable=SC2317  # called by lm_cleanup
lm_on_exit() {
    local pid
    for pid in $child "${!running[@]}"; do kill -TERM "$pid" 2>/dev/null; done
    for pid in $child "${!running[@]}"; do wait "$pid" 2>/dev/null; done
}
lm_init check
# Tests make their directories below ours, from one initdb per version, with one copy of the server.
export LM_ROOT LM_STAGE LM_TMPROOT=$LM_TMP LM_CACHE=$LM_TMP/cache
lm_as mkdir "$LM_CACHE"

# Runs a command so that a signal to us reaches it, output to a log.
run_logged() {
    local log=$1 status
    shift
    "$@" > "$log" 2>&1 < /dev/null &
    child=$!
    wait "$child"
    status=$?
    child=
    return $status
}

suite_unit() {
    local log=$logs/unit.log line name pattern
    if ! compgen -G "$root/tests/unit/*.cpp" > /dev/null; then return; fi
    if ! run_logged "$log" cmake --build "$root/build/cmake" --target unit_tests "-j$jobs"; then
        not_ok unit/build
        show "$log"
        return
    fi
    pattern=$(names unit | paste -sd '|')
    run_logged "$log" ctest --test-dir "$root/build/cmake" "-j$jobs" --output-on-failure ${pattern:+-R "^($pattern)\$"}
    # "12/340 Test #12: Digest.OrderFree ......   Passed    0.01 sec"
    while IFS= read -r line; do
        name=$(sed -E 's/.*Test +#[0-9]+: ([^ ]+) .*/\1/' <<< "$line")
        case $line in
            *" Passed "*) ok "unit/$name" ;;
            *"***Skipped "*) skip "unit/$name" ;;
            *) not_ok "unit/$name" ;;
        esac
    done < <(grep -E '^ *[0-9]+/[0-9]+ Test +#' "$log")
    if grep -q 'tests failed out of' "$log" && ! grep -q '^100% tests passed' "$log"; then show "$log" 100; fi
    grep -qE '^ *[0-9]+/[0-9]+ Test +#' "$log" || { not_ok unit/none; show "$log"; }
}

suite_sanitize() {
    local log=$logs/sanitize.log line dir=$root/build/cmake-asan pattern
    if ! compgen -G "$root/tests/unit/*.cpp" > /dev/null; then return; fi
    if ! run_logged "$log" cmake -S "$root" -B "$dir" -DCMAKE_BUILD_TYPE=Debug -DLAKEMOVER_SANITIZE=ON \
            "-DPG_CONFIG=${PG_CONFIG:-pg_config}" ||
        ! run_logged "$log" cmake --build "$dir" --target unit_tests "-j$jobs"; then
        not_ok sanitize/build
        show "$log"
        return
    fi
    pattern=$(names sanitize | paste -sd ':')
    if run_logged "$log" env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
            "$dir/unit_tests" ${pattern:+"--gtest_filter=$pattern"}; then
        line=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?\.$/\1/p' "$log")
        if [ "${line:-0}" -gt 0 ]; then ok "sanitize/unit_tests ($line tests under ASan and UBSan)"; else not_ok sanitize/none; fi
    else
        not_ok sanitize/unit_tests
        show "$log" 100
    fi
}

suite_regress() {
    local log=$logs/regress.log pg_regress tests=() file line name
    for file in "$root"/sql/*.sql; do
        [ -f "$file" ] || continue
        name=$(basename "$file" .sql)
        # Later files may use what earlier ones made: a name asked for runs alone at one's own risk.
        selected regress "$name" && tests+=("$name")
    done
    [ ${#tests[@]} -gt 0 ] || return
    pg_regress=$(dirname "$("${PG_CONFIG:-pg_config}" --pgxs)")/../../src/test/regress/pg_regress
    rm -rf "$logs/regress"
    mkdir -p "$logs/regress"
    run_logged "$log" env PATH="$LM_BIN:$PATH" "$pg_regress" --inputdir="$root" --outputdir="$logs/regress" --bindir="$LM_BIN" \
        --host="$LM_TMP/staging" --port="${LM_PORT[staging]}" --user=postgres --dbname=lakemover_regress \
        --load-extension=lakemover "${tests[@]}"
    # PostgreSQL 15: "test fdw ... ok   12 ms"; 16 and newer: "ok 1  - fdw  12 ms".
    for name in "${tests[@]}"; do
        if grep -qE "^(test $name +\.\.\. ok|ok [0-9]+ +[-+] $name )" "$log"; then ok "regress/$name"; else not_ok "regress/$name"; fi
    done
    if [ -s "$logs/regress/regression.diffs" ]; then show "$logs/regress/regression.diffs" 200; fi
    grep -qE '(All [0-9]+ tests passed|tests (passed|failed))' "$log" || show "$log"
}

suite_pgtap() {
    local file name log template=no
    for file in "$root"/tests/pgtap/*.sql; do
        [ -f "$file" ] || continue
        name=$(basename "$file" .sql)
        selected pgtap "$name" || continue
        log=$logs/pgtap-$name.log
        if [ $template = no ]; then
            # Each file gets a fresh database: what it leaves behind reaches no other.
            if ! lm_sql staging postgres -c 'CREATE DATABASE pgtap_template' > "$log" 2>&1 ||
                ! lm_sql staging pgtap_template -c 'CREATE EXTENSION lakemover' -c 'CREATE EXTENSION pgtap' >> "$log" 2>&1; then
                not_ok pgtap/extensions
                show "$log"
                return
            fi
            template=yes
        fi
        lm_sql staging postgres -c 'DROP DATABASE IF EXISTS pgtap WITH (FORCE)' \
            -c 'CREATE DATABASE pgtap TEMPLATE pgtap_template' > /dev/null 2>&1
        if run_logged "$log" env PATH="$LM_BIN:$PATH" pg_prove --verbose --psql-bin "$LM_BIN/psql" -h "$LM_TMP/staging" \
                -p "${LM_PORT[staging]}" -U postgres -d pgtap "$file"; then
            ok "pgtap/$name ($(grep -cE '^ok ' "$log") assertions)"
        else
            not_ok "pgtap/$name"
            grep -E '^(not ok|# |psql:|.*ERROR)' "$log" | head -n 60 | sed 's/^/        /'
            show "$log" 8
        fi
    done
}

# The server that tests of SQL Server sources need, before their time limits run.
build_tds_server() {
    local file
    for file in "$root"/tests/e2e/*.sh; do
        if selected e2e "$(basename "$file" .sh)" && grep -q 'lib/mssql\.sh' "$file"; then
            run_logged "$logs/tds.log" cmake --build "$root/build/cmake" --target tds_server "-j$jobs" && return
            not_ok e2e/tds_server
            show "$logs/tds.log"
            return
        fi
    done
}

# The line of a test that has ended: reported NAME STATUS SECONDS LIMIT
reported() {
    local name=$1 log=$logs/e2e-$1.log
    case $2 in
        0) ok "e2e/$name ($3 s)" ;;
        77) skip "e2e/$name: $(tail -n 1 "$log")" ;;
        124 | 137) not_ok "e2e/$name" "(no end after $4 s)"; show "$log" ;;
        *) not_ok "e2e/$name" "(exit $2, $3 s)"; show "$log" ;;
    esac
}

# Waits until one of the tests under way has ended.
wait_for_one() {
    local pid status name
    wait -n -p pid "${!running[@]}"
    status=$?
    name=${running[$pid]}
    unset "running[$pid]"
    reported "$name" $status $((SECONDS - began[$name])) "${limits[$name]}"
}

# Two at a time, since each waits for much of its time; a test that measures, or looks at all processes ("# alone"), has the machine for itself.
suite_e2e() {
    local file name lanes alone
    declare -A began=() limits=()
    build_tds_server
    for alone in yes no; do
        lanes=1
        [ $alone = yes ] || lanes=$((jobs < 2 ? 1 : 2))
        for file in "$root"/tests/e2e/*.sh; do
            name=$(basename "$file" .sh)
            [ -f "$file" ] && selected e2e "$name" || continue
            if grep -q '^# alone' "$file"; then [ $alone = yes ] || continue; else [ $alone = no ] || continue; fi
            while [ ${#running[@]} -ge $lanes ]; do wait_for_one; done
            limits[$name]=$(sed -nE 's/^# timeout: ([0-9]+)$/\1/p' "$file" | head -n 1)
            limits[$name]=${limits[$name]:-240}
            began[$name]=$SECONDS
            timeout --foreground -k 30 "${limits[$name]}" bash "$file" > "$logs/e2e-$name.log" 2>&1 < /dev/null &
            running[$!]=$name
        done
        while [ ${#running[@]} -gt 0 ]; do wait_for_one; done
    done
}

# The same faults each time; "make faults" runs others, and more.
suite_faults() {
    local log=$logs/faults.log start=$SECONDS
    if ! run_logged "$logs/tds.log" cmake --build "$root/build/cmake" --target tds_server "-j$jobs"; then
        not_ok faults/tds_server
        show "$logs/tds.log"
        return
    fi
    if run_logged "$log" timeout --foreground -k 30 400 bash "$root/tests/faults/faults.sh" 12 1; then
        ok "faults ($(grep -c '^ *[0-9]* *equal ' "$log") of them, $((SECONDS - start)) s)"
    else
        not_ok faults
        show "$log" 100
    fi
}

# One seed and few seconds: the targets build, their properties hold for the seeds and some changes of them.
suite_fuzz() {
    local log=$logs/fuzz.log line
    FUZZ_PLAIN=1 run_logged "$log" "$root/tests/fuzz/fuzz.sh" 2
    while IFS= read -r line; do
        case $line in
            "ok "*) ok "fuzz/${line#ok      }" ;;
            "FAILED "*) not_ok "fuzz/${line#FAILED  }" ;;
        esac
    done < "$log"
    if ! grep -q '^ok ' "$log" || grep -q '^FAILED ' "$log"; then
        not_ok fuzz
        show "$log" 60
    fi
}

if asked unit; then suite_unit; fi
if asked sanitize; then suite_sanitize; fi
if asked regress || asked pgtap; then lm_start_staging bare; fi
if asked regress; then suite_regress; fi
if asked pgtap; then suite_pgtap; fi
lm_stop staging
if asked e2e; then suite_e2e; fi
if asked faults; then suite_faults; fi
if asked fuzz; then suite_fuzz; fi
finish

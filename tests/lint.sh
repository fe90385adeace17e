#!/bin/bash
# lint.sh [CHECK]...: format includes shell tidy sql; all by default. Tools come from
# `tests/lib/deps.sh lint`. Ends with "N passed, N failed"; exit code 1 when a check found something.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2
root=$PWD
jobs=$(nproc)
logs=$root/build/lint
mkdir -p "$logs"
passed=0
failed=0

result() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$1"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n' "$1"
    fi
}

mapfile -t sources < <(git ls-files -- 'extension/src/*' 'loader/*' 'tests/unit/*' 'tests/tds/*' | grep -E '\.(cpp|hpp|c|h)$')
# GoogleTest's macros make unit tests slow to check and full of false alarms.
mapfile -t units < <(printf '%s\n' "${sources[@]}" | grep -E '\.cpp$' | grep -v '^tests/')

check_format() {
    clang-format --dry-run -Werror "${sources[@]}" 2>&1 | tee "$logs/format.log" | grep -E 'error:' |
        sed -E 's/: error: code should be clang-formatted.*//' | cut -d: -f1,2 | head -n 40
    return "${PIPESTATUS[0]}"
}

# The direction of dependencies (docs/architecture.md), over the includes a file reaches: quoted
# includes are followed, names in angle brackets are what they bring.
declare -A direct closure
resolve() {     # the file that #include "$2" in $1 means
    local candidate
    for candidate in "extension/src/$2" "$2" "$(dirname "$1")/$2"; do
        if [ -f "$candidate" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    printf '%s\n' "$2"
}
scan() {
    local file=$1 name
    [ -n "${direct[$file]+x}" ] && return
    direct[$file]=
    while IFS= read -r name; do
        direct[$file]+=" $(resolve "$file" "$name")"
    done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+["<]([^">]+)[">].*/\1/p' "$file")
    for name in ${direct[$file]}; do
        if [ -f "$name" ]; then scan "$name"; fi
    done
}
reach() {       # sets closure[$1] to everything that $1 includes, directly or not
    local seen=" " todo=("$1") file name
    while [ ${#todo[@]} -gt 0 ]; do
        file=${todo[0]}
        todo=("${todo[@]:1}")
        for name in ${direct[$file]:-}; do
            [[ $seen == *" $name "* ]] && continue
            seen+="$name "
            if [ -f "$name" ]; then todo+=("$name"); fi
        done
    done
    closure[$1]=$seen
}
# forbid FILE PATTERN WHY: nothing that FILE reaches may match the pattern.
forbid() {
    local name
    for name in ${closure[$1]}; do
        if [[ $name =~ $2 ]]; then
            printf '%s reaches %s: %s\n' "$1" "$name" "$3"
            bad=1
        fi
    done
}
check_includes() {
    local file bad=0
    # The server's own headers, by name; libpq's and ODBC's are client headers.
    local server='^(postgres\.h|postgres_ext\.h|c\.h|fmgr\.h|funcapi\.h|miscadmin\.h|pgstat\.h|(access|catalog|commands|common|executor|foreign|lib|nodes|optimizer|parser|postmaster|replication|storage|tcop|utils)/[a-z_]+\.h)$'
    local client='^(libpq-fe\.h|libpq-events\.h|sql\.h|sqlext\.h|sqltypes\.h)$'
    local ours='^extension/src/'
    for file in "${sources[@]}"; do scan "$file"; done
    for file in "${sources[@]}"; do
        reach "$file"
        case $file in
            extension/src/source/*)
                forbid "$file" "$server|${ours}pg/|${ours}fdw/|${ours}stream/|${ours}graph/|${ours}tsql/|^loader/" "source may use codec only" ;;
            extension/src/codec/* | extension/src/graph/* | extension/src/tsql/*)
                local zone=${file#extension/src/}
                zone=${zone%%/*}
                forbid "$file" "$server|$client|^loader/" "$zone is a pure zone"
                local other
                for other in source codec graph tsql pg fdw stream; do
                    [ $other = "$zone" ] || forbid "$file" "${ours}$other/" "$zone is a pure zone and uses no other"
                done ;;
            extension/src/pg/*)
                forbid "$file" "${ours}fdw/|${ours}stream/|^loader/" "pg is below fdw and stream" ;;
            extension/src/fdw/*)
                forbid "$file" "${ours}stream/|^loader/" "fdw and stream are side by side" ;;
            extension/src/stream/*)
                forbid "$file" "${ours}fdw/|^loader/" "fdw and stream are side by side" ;;
            loader/*)
                forbid "$file" "$server|^sql(ext|types)?\.h$|${ours}(source|graph|tsql|pg|fdw|stream)/" "of the extension the loader uses codec only" ;;
        esac
        case $file in
            extension/src/fdw/* | extension/src/stream/*) forbid "$file" "$client" "only drivers see client headers" ;;
        esac
        if [[ ${closure[$file]} == *" postgres.h "* && ${closure[$file]} =~ \ (libpq-fe|sql|sqlext)\.h\  ]]; then
            printf '%s has the server'\''s headers and a client'\''s in one translation unit\n' "$file"
            bad=1
        fi
    done
    # Rules that no include shows.
    if grep -nE '\b(PGconn|PGresult|SQLHSTMT|SQLHDBC)\b' -r extension/src/fdw extension/src/stream --include='*.[ch]pp' 2>/dev/null; then
        echo "fdw and stream never see a client's handle"
        bad=1
    fi
    if grep -nE '\bPG_TRY\b' -r extension/src --include='*.cpp' --include='*.hpp' | grep -vE '//.*PG_TRY|poison'; then
        echo "PG_TRY belongs into extension/src/pg/pg_try.c: C++ frames may not be jumped over"
        bad=1
    fi
    return $bad
}

check_shell() {
    local files
    mapfile -t files < <(git ls-files -- '*.sh' .ci/run)
    shellcheck -x -S warning "${files[@]}"
}

# What decides a file's verdict: itself, the headers of ours that it reaches, and the rules.
tidy_stamp() {
    local name files=("$1" .clang-tidy)
    scan "$1"
    reach "$1"
    for name in ${closure[$1]}; do
        if [ -f "$name" ]; then files+=("$name"); fi
    done
    cat "${files[@]}" | sha256sum | cut -d' ' -f1
}
check_tidy() {
    local pg_config=${PG_CONFIG:-pg_config} file log status=0 todo=()
    if ! make --no-print-directory loader PG_CONFIG="$pg_config" > "$logs/build.log" 2>&1; then
        tail -n 20 "$logs/build.log"
        return 1
    fi
    # The extension's PostgreSQL zone is built by PGXS and is not in CMake's compilation database.
    export TIDY_LOGS=$logs
    TIDY_FLAGS="-std=c++20 -Iextension/src -isystem$("$pg_config" --includedir-server) -isystem$("$pg_config" --includedir) -Wno-register"
    export TIDY_FLAGS
    for file in "${units[@]}"; do
        log=$logs/tidy-${file//\//_}
        [ "$(cat "$log.stamp" 2>/dev/null)" = "$(tidy_stamp "$file")" ] || todo+=("$file")
    done
    [ ${#todo[@]} -gt 0 ] || return 0
    echo "clang-tidy over ${#todo[@]} of ${#units[@]} files"
    # shellcheck disable=SC2016  # expanded by the shell that xargs starts
    printf '%s\n' "${todo[@]}" | xargs -P "$jobs" -I{} bash -c '
        log=$TIDY_LOGS/tidy-${1//\//_}
        case $1 in
            extension/src/pg/* | extension/src/fdw/* | extension/src/stream/*) clang-tidy --quiet "$1" -- $TIDY_FLAGS ;;
            *) clang-tidy --quiet -p build/cmake "$1" ;;
        esac > "$log.log" 2>&1 && touch "$log.good" || rm -f "$log.good"' bash {}
    for file in "${todo[@]}"; do
        log=$logs/tidy-${file//\//_}
        if [ -f "$log.good" ]; then
            tidy_stamp "$file" > "$log.stamp"
        else
            status=1
            grep -E '(error|warning):' "$log.log" | sed "s|$root/||" | sort -u | head -n 20
        fi
    done
    return $status
}

# plpgsql_check over our own functions, and the rules for SQL objects that a catalog query can check.
check_sql() {
    (
        make --no-print-directory stage > "$logs/build.log" 2>&1 || { tail -n 20 "$logs/build.log"; exit 1; }
        # shellcheck source=tests/lib/cluster.sh
        . tests/lib/cluster.sh
        lm_init lint
        if ! compgen -G "$LM_STAGE/usr/share/postgresql/*/extension/plpgsql_check.control" > /dev/null; then
            # Installed after the server was copied.
            rm -f "$root/build/stage/.stage"
            (cd "$root" && make --no-print-directory stage > "$logs/build.log" 2>&1)
        fi
        lm_start_staging
        lm_sql staging lakemover -c 'CREATE EXTENSION plpgsql_check' || exit 1
        lm_sql staging lakemover -f - < "$root/tests/lib/lint.sql" > "$logs/sql.log" || exit 1
        cat "$logs/sql.log"
        [ ! -s "$logs/sql.log" ]
    )
}

for check in "${@:-all}"; do
    case $check in
        all) set -- format includes shell tidy sql ;;
        format | includes | shell | tidy | sql) ;;
        *) echo "lint.sh: unknown check \"$check\"; there are: format includes shell tidy sql" >&2; exit 2 ;;
    esac
done
PG_CONFIG=${PG_CONFIG:-pg_config} tests/lib/deps.sh lint > "$logs/deps.log" 2>&1 || { cat "$logs/deps.log" >&2; exit 2; }
for check in "$@"; do
    "check_$check"
    result "lint/$check" $?
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]

#!/bin/bash
# fuzz.sh [SECONDS [TARGET]...]: runs the fuzz targets for so many seconds each (60), under ASan and UBSan: with libFuzzer
# where clang is installed, else (or with FUZZ_PLAIN=1) with tests/fuzz/driver.cpp and g++. SEED=N chooses the changes.
# What libFuzzer finds worth keeping stays in build/fuzz/TARGET; a failing input stays there, too, and exits with 1.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 2
seconds=${1:-60}
shift
targets=("$@")
if [ $# -eq 0 ]; then mapfile -t targets < <(basename -s .cpp tests/fuzz/fuzz_*.cpp); fi
options=(-DCMAKE_BUILD_TYPE=Debug -DLAKEMOVER_SANITIZE=ON "-DPG_CONFIG=${PG_CONFIG:-pg_config}")
if [ -z "${FUZZ_PLAIN:-}" ] && command -v clang++ > /dev/null; then
    build=$root/build/cmake-fuzz
    options+=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DLAKEMOVER_LIBFUZZER=ON)
else
    build=$root/build/cmake-asan # shared with the unit tests' sanitizer run
fi
mkdir -p build/fuzz
if ! { cmake -S "$root" -B "$build" "${options[@]}" && cmake --build "$build" --target "${targets[@]}" "-j$(nproc)"; } > build/fuzz/build.log 2>&1; then
    tail -n 40 build/fuzz/build.log
    exit 1
fi
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0
failed=0
for target in "${targets[@]}"; do
    mkdir -p "build/fuzz/$target"
    cd "build/fuzz/$target" || exit 2
    mkdir -p kept
    dictionary=()
    if [ -f "$root/tests/fuzz/$target.dict" ]; then dictionary=("-dict=$root/tests/fuzz/$target.dict"); fi
    if "$build/$target" -seed="${SEED:-1}" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        "${dictionary[@]}" kept "$root/tests/fuzz/seeds/$target" > log 2>&1; then
        echo "ok      $target: $(grep -E 'stat::number_of_executed_units|changes of them' log | tail -n 1)"
    else
        failed=$((failed + 1))
        echo "FAILED  $target, the input is below build/fuzz/$target:"
        grep -vE '^#[0-9]+	' log | head -n 40
    fi
    cd "$root" || exit 2
done
[ $failed -eq 0 ]

# shellcheck shell=bash
# bench.sh: what the benchmarks share. Sourced after cluster.sh, with lm_init done; raw is a file of the caller's.
say() { printf '%s\n' "$*" >&2; }
die() { say "bench: $*"; exit 1; }
now() { date +%s.%N; }
# calc EXPRESSION [DIGITS]: bash has no fractions; awk is everywhere.
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
record() { printf '| %s | %s | %s |\n' "$@" >> "${raw:?}"; say "  $1 $2: $3"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# verdict MEASURED LIMIT
verdict() { if awk "BEGIN { exit !($1 <= $2) }"; then echo met; else echo "**missed**"; fi; }

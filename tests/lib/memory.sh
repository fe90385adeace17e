# shellcheck shell=bash
# memory.sh: the greatest private memory (RssAnon) of processes while something runs, sampled from
# /proc every 50 ms. Private memory only: shared buffers and files count for nobody.

# memory_watch FILE PATTERN: in the background until memory_stop; for each process whose command
# line matches the extended regular expression, FILE gets "kB pid name" with its greatest value.
memory_watch() {
    local file=$1 pattern=$2
    (
        trap 'exit 0' TERM
        declare -A most line_of
        while :; do
            for status in /proc/[0-9]*/status; do
                pid=${status#/proc/}
                pid=${pid%/status}
                line=$(tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline") || continue
                [[ $line =~ $pattern ]] || continue
                kb=$(sed -nE 's/^RssAnon:[[:space:]]+([0-9]+) kB$/\1/p' "$status" 2>/dev/null) || continue
                [ -n "$kb" ] || continue
                if [ "$kb" -gt "${most[$pid]:-0}" ]; then
                    most[$pid]=$kb
                    line_of[$pid]=${line:0:120}
                fi
            done
            for pid in "${!most[@]}"; do printf '%s %s %s\n' "${most[$pid]}" "$pid" "${line_of[$pid]}"; done > "$file.new"
            mv "$file.new" "$file"
            sleep 0.05
        done
    ) &
    MEMORY_PID=$!
}
memory_stop() {
    kill "${MEMORY_PID:-}" 2>/dev/null
    wait "${MEMORY_PID:-}" 2>/dev/null
}
# memory_most FILE PATTERN: the greatest value in kB among the processes whose line matches.
memory_most() {
    grep -E "$2" "$1" | sort -n | tail -n 1 | cut -d' ' -f1
}

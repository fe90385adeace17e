# shellcheck shell=bash
# memory.sh: the greatest private memory (RssAnon) of processes while something runs, sampled from
# /proc every 50 ms. Private memory only: shared buffers and files count for nobody.

# memory_watch FILE PATTERN: in the background until memory_stop; for each process whose command
# line matches the extended regular expression, FILE gets "kB pid name" with its greatest value.
# One process that forks nothing: what it watches is timed, too.
memory_watch() {
    # shellcheck disable=SC2016  # Perl's variables
    perl -e '
        use strict; use warnings;
        my ($file, $pattern) = @ARGV;
        my (%most, %line_of, %watched);
        my $round = 0;
        sub slurp { open(my $in, "<", $_[0]) or return ""; local $/; my $all = <$in>; return defined $all ? $all : "" }
        for (;;) {
            # A backend has its name a moment after its start.
            if ($round++ % 4 == 0) {
                %watched = ();
                for my $pid (map { m{(\d+)$} } glob "/proc/[0-9]*") {
                    (my $line = slurp("/proc/$pid/cmdline")) =~ tr/\0/ /;
                    $watched{$pid} = $line if $line =~ /$pattern/;
                }
            }
            my $more = 0;
            for my $pid (keys %watched) {
                my ($kb) = slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB$/m or next;
                next if $kb <= ($most{$pid} // 0);
                ($most{$pid}, $line_of{$pid}, $more) = ($kb, substr($watched{$pid}, 0, 120), 1);
            }
            if ($more) {
                open(my $out, ">", "$file.new") or die;
                print $out "$most{$_} $_ $line_of{$_}\n" for keys %most;
                close $out;
                rename "$file.new", $file;
            }
            select undef, undef, undef, 0.05;
        }' "$1" "$2" &
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

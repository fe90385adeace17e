# tcp_proxy.pl LISTEN_PORT PORT DIRECTORY: forwards TCP on 127.0.0.1, a process per connection. DIRECTORY/N holds
# the process of the connection that the server sees come from port N: kill -9 it, and the two sides lose each other.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($listen, $port, $dir) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => $listen, ReuseAddr => 1)
    or die "cannot listen on $listen: $!\n";
open(my $ready, '>', "$dir/ready") or die "$dir: $!\n";
close $ready;
while (1) {
    my $client = $server->accept() or next;
    my $pid = fork();
    die "fork: $!\n" unless defined $pid;
    if ($pid) {
        close $client;
        next;
    }
    close $server;
    my $backend = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or exit 1;
    my $file = "$dir/" . $backend->sockport();
    open(my $out, '>', $file) or exit 1;
    print $out "$$\n";
    close $out;
    my $both = IO::Select->new($client, $backend);
    while (1) {
        for my $from ($both->can_read()) {
            my $to = $from == $client ? $backend : $client;
            my $n = sysread($from, my $data, 65536);
            exit 0 unless $n;
            for (my $at = 0; $at < $n;) {
                my $written = syswrite($to, $data, $n - $at, $at) or exit 0;
                $at += $written;
            }
        }
    }
}

# tds_rewrite.pl LISTEN_PORT HOST PORT READY FROM=TO...: forwards TDS without encryption on 127.0.0.1, and replaces bytes (in
# hex) in the packets that the server sends. So a client gets values that the server behind it cannot store.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($listen, $host, $port, $ready, @pairs) = @ARGV;
my @rules = map { [map { pack 'H*', $_ } split /=/] } @pairs;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => $listen, ReuseAddr => 1)
    or die "cannot listen on $listen: $!\n";
open(my $file, '>', $ready) or die "$ready: $!\n";
close $file;

sub put {
    my ($to, $data) = @_;
    for (my $at = 0; $at < length $data;) {
        $at += syswrite($to, $data, length($data) - $at, $at) // exit 0;
    }
}
while (1) {
    my $client = $server->accept() or next;
    my $pid = fork() // die "fork: $!\n";
    if ($pid) {
        close $client;
        next;
    }
    close $server;
    my $backend = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or exit 1;
    my $both = IO::Select->new($client, $backend);
    my $held = '';
    while (1) {
        for my $from ($both->can_read()) {
            my $n = sysread($from, my $data, 65536);
            exit 0 unless $n;
            if ($from == $client) {
                put($backend, $data);
                next;
            }
            $held .= $data;
            # Whole packets: eight bytes of header, with the length in the third and fourth.
            while (length $held >= 8 && length $held >= unpack('x2 n', $held)) {
                my $packet = substr($held, 0, unpack('x2 n', $held), '');
                my $body = substr($packet, 8);
                $body =~ s/\Q$$_[0]\E/$$_[1]/sg for @rules;
                substr($packet, 2, 2) = pack('n', 8 + length $body);
                put($client, substr($packet, 0, 8) . $body);
            }
        }
    }
}

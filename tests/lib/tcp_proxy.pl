# tcp_proxy.pl LISTEN_PORT PORT DIRECTORY: forwards TCP on 127.0.0.1 and misbehaves on order. An order is a file
# DIRECTORY/order (rename it into place) with one line "ACTION BYTES SECONDS"; it begins after so many further bytes, all
# connections and both directions counted. DIRECTORY/done then says what was done, DIRECTORY/bytes how many have passed.
#   cut       every connection is closed, and new ones are refused for so many seconds
#   reset     the connection that carries the byte is reset (RST on both sides)
#   truncate  the receiver gets exactly the bytes up to there and then the end
#   stall     nothing passes for so many seconds
#   slow      for so many seconds only some 100 kB pass in each of them
#   hold      nothing passes until the order "go" comes, which ends every misbehaviour, for a minute at most
#   port P    the connection that the server sees come from port P is reset at once (P in the place of BYTES)
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time sleep);

my ($port, $server_port, $dir) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my ($listener, %pair, %buffer, %ended, $order);
my $total = 0;

sub say_in {
    my ($file, $text) = @_;
    open(my $out, '>', "$dir/$file.new") or die "$dir: $!\n";
    print $out "$text\n";
    close $out;
    rename "$dir/$file.new", "$dir/$file";
}
sub listen_again {
    for (1 .. 100) {
        $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1) and return;
        sleep 0.05;
    }
    die "cannot listen on $port: $!\n";
}
# Both ends of a connection; abruptly sends RST instead of FIN.
sub drop {
    my ($one, $abruptly) = @_;
    my $other = delete $pair{$one} or return;
    delete $pair{$other};
    for ($one, $other) {
        delete $buffer{$_};
        delete $ended{$_};
        setsockopt($_, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if $abruptly;
        close $_;
    }
}
my %socket;    # by its text, as keys of hashes are
sub all { return map { $socket{$_} } grep { exists $pair{$_} } keys %socket }
sub take_order {
    open(my $in, '<', "$dir/order") or return;
    my $line = <$in>;
    close $in;
    unlink "$dir/order";
    my ($action, $bytes, $seconds) = split ' ', $line;
    if ($action eq 'port') {
        for my $s (all()) { drop($s, 1) if $pair{$s} && eval { $s->sockport() } && $s->sockport() == $bytes; }
        say_in('done', "port $bytes");
        return;
    }
    if ($action eq 'go') {
        listen_again() unless $listener;
        undef $order;
        return;
    }
    unlink "$dir/done";
    $order = { action => $action, at => $total + $bytes, seconds => $seconds // 0 };
}

listen_again();
say_in('ready', $$);
my $last_look = 0;
while (1) {
    my $now = time;
    if ($now - $last_look > 0.02) {
        $last_look = $now;
        take_order() if -e "$dir/order";
        say_in('bytes', $total);
    }
    # What is under way: a stall, a slow line, a server that nobody reaches.
    if ($order && $order->{until} && $now >= $order->{until}) {
        listen_again() unless $listener;
        undef $order;
    }
    my $under_way = $order && $order->{until} ? $order->{action} : '';
    if ($under_way eq 'stall' || $under_way eq 'hold') { sleep 0.02; next; }
    sleep 0.005 if $under_way eq 'slow';
    my $most = $under_way eq 'slow' ? 512 : 65536;

    my (@readers, @writers);
    for my $s (all()) {
        my $to = $pair{$s};
        push @readers, $s if !$ended{$s} && length($buffer{$to}) == 0;
        push @writers, $s if length($buffer{$s}) > 0;
    }
    push @readers, $listener if $listener;
    my ($can_read, $can_write) = IO::Select::select(IO::Select->new(@readers), IO::Select->new(@writers), undef, 0.02);
    for my $s (@{ $can_write // [] }) {
        next unless exists $pair{$s};
        my $n = syswrite($s, $buffer{$s});
        if (!defined $n) { drop($s, 1) unless $!{EAGAIN}; next; }
        substr($buffer{$s}, 0, $n) = '';
        drop($s, 0) if $buffer{$s} eq '' && ($ended{$s} // '') eq 'here';
    }
    for my $s (@{ $can_read // [] }) {
        if ($listener && $s == $listener) {
            my $client = $listener->accept() or next;
            my $backend = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server_port);
            if (!$backend) { close $client; next; }
            for ($client, $backend) { $_->blocking(0); $socket{$_} = $_; $buffer{$_} = ''; }
            ($pair{$client}, $pair{$backend}) = ($backend, $client);
            next;
        }
        next unless exists $pair{$s};
        my $to = $pair{$s};
        my $n = sysread($s, my $data, $most);
        if (!$n) {
            next if !defined $n && $!{EAGAIN};
            # What was read before has been written: buffers were empty.
            drop($s, !defined $n);
            next;
        }
        $total += $n;
        $buffer{$to} .= $data;
        next unless $order && !$order->{until} && $total >= $order->{at};
        my $seconds = $order->{seconds};
        my $action = $order->{action};
        say_in('done', "$action at byte $order->{at}");
        $order->{until} = time + ($action eq 'hold' ? 60 : $seconds);
        if ($action eq 'cut') {
            close $listener;
            undef $listener;
            drop($_, 0) for all();
        } elsif ($action eq 'reset') {
            drop($s, 1);
            undef $order;
        } elsif ($action eq 'truncate') {
            # The sender is not read any more; the receiver gets what belongs to it, then FIN.
            my $surplus = $total - $order->{at};
            $buffer{$to} = substr($buffer{$to}, 0, length($buffer{$to}) - $surplus);
            $ended{$s} = 'before';
            $ended{$to} = 'here';
            drop($to, 0) if $buffer{$to} eq '';
            undef $order;
        }
    }
    for (keys %socket) { delete $socket{$_} unless exists $pair{$_}; }
}

# shellcheck shell=bash
# needs: perl lua5.4 sqlite3 openssl
g perl -e 'use strict; my %h = map { $_ => $_ ** 2 } 1 .. 10; print join(",", map { "$_=$h{$_}" } sort { $a <=> $b } keys %h), "\n";
    my $t = "the quick brown fox"; (my $u = $t) =~ s/(\w+)/\u$1/g; print "$u\n"; printf "%.10g %s\n", atan2(1, 1) * 4, sprintf("%b", 37);
    print scalar reverse("dragoman"), "\n"; my $p = open(my $f, "-|", "echo piped") or die; print <$f>; eval { die "caught\n" }; print $@; exit 4'
echo "exit $?"
g lua5.4 -e 'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(20), 10 // 3, 2^53, 7 // 0.0, -1 >> 60)
    local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(co(), co(), co())
    print(string.format("%q %5.1f %x", "a\nb", 2.25, 255), ("x"):rep(5, "-"), #"héllo", pcall(error, "oops"))
    local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) print(t[1], t[500], t[1000], string.pack("<I4", 1):byte(1, 4))'
g sqlite3 test.db 'create table t(a integer primary key, b text); with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000)
    insert into t select x, hex(x) from c; create index i on t(b); select count(*), sum(a), max(b) from t; pragma integrity_check;
    select round(avg(a * 1.5), 3), group_concat(a) from t where a < 6;'
printf 'some text\n' >text
g openssl dgst -sha512 text
g openssl enc -aes-256-cbc -pbkdf2 -iter 100 -salt -S 0102030405060708 -pass pass:secret -in text -base64
g openssl enc -chacha20 -K "$(printf '00%.0s' {1..32})" -iv "$(printf '01%.0s' {1..16})" -in text | od -An -tx1
g openssl genpkey -algorithm ed25519 -out key 2>/dev/null
g openssl pkeyutl -sign -inkey key -rawin -in text -out signature && g openssl pkeyutl -verify -inkey key -rawin -in text -sigfile signature
g openssl prime 1000003

# shellcheck shell=bash
# needs: node ruby php
g node -e 'const c = require("crypto"); let s = 0; for (let i = 0; i < 1e6; i++) s = (s + i * i) % 1000003; console.log(s);
    console.log(c.createHash("sha256").update("x").digest("hex"), [3, 1, 2].sort(), JSON.stringify({ a: [1, { b: null }] }));
    (async () => { await new Promise(r => setTimeout(r, 5)); console.log("async"); })(); console.log(/(\d+)/.exec("ab12")[1], 2n ** 70n)'
g ruby -e 'puts (1..10).inject(:*), "abc".tr("a-c", "x-z"), [3, 1].sort.inspect, 2**100; t = Thread.new { 42 }; puts t.value'
g php -r 'echo array_sum(range(1, 100)), " ", md5("x"), " ", json_encode(["a" => 1.5]), "\n";'

cat >program.rb <<'RUBY'
Account = Struct.new(:name, :balance) { include Comparable; def <=>(o) = balance <=> o.balance }
accounts = %w[ann bob cyd].each_with_index.map { |n, i| Account.new(n, 100 * (i * 7 % 5)) }
puts accounts.max.name, accounts.sum(&:balance)
queue, lock, total = Queue.new, Mutex.new, 0
workers = 8.times.map { Thread.new { while (n = queue.pop) != :stop; lock.synchronize { total += n }; end } }
10_000.times { |n| queue << n }
8.times { queue << :stop }
workers.each(&:join)
puts total
primes = Fiber.new { n = 2; loop { Fiber.yield n if (2..Integer.sqrt(n)).none? { |d| (n % d).zero? }; n += 1 } }
puts Array.new(1000) { primes.resume }.last
reader, writer = IO.pipe
pid = fork { trap("TERM") { writer.syswrite "terminated\n"; exit! 3 }; writer.syswrite "ready\n"; sleep }
writer.close
puts reader.gets
Process.kill(:TERM, pid)
puts reader.gets, Process.wait2(pid)[1].exitstatus
puts `echo $((6 * 7))`, Comparable.instance_methods.size, (0.1 + 0.2).to_s, 7.0.rationalize, Math.gamma(10.5)
begin; raise ArgumentError, "bad"; rescue => e; puts "#{e.class}: #{e.message}"; ensure puts "ensured"; end
puts "The quick brown fox".gsub(/(?<first>\w)(\w*)/) { "#{$~[:first].upcase}." }, (1..30).inject(:lcm), 3 ** 300 % 1000007
def depth(n) = depth(n + 1)
begin; depth(0); rescue SystemStackError; puts "too deep"; end
GC.start
words = Hash.new(0); 200_000.times { |i| words["w#{i * 7919 % 4999}"] += i }
puts words.size, words.values.max, [words.keys.sort.first(3)].inspect
puts Random.new(42).rand(1000), [1, 2, 3, 4].shuffle(random: Random.new(1)).inspect
RUBY
g ruby program.rb

cat >program.php <<'PHP'
<?php
declare(strict_types=1);
interface Shape { public function area(): float; }
final class Circle implements Shape { public function __construct(private float $r) {} public function area(): float { return M_PI * $this->r ** 2; } }
enum Suit: string { case Hearts = "H"; case Spades = "S"; }
function fibonacci(): Generator { [$a, $b] = [0, 1]; while (true) { yield $a; [$a, $b] = [$b, $a + $b]; } }
foreach (fibonacci() as $i => $f) { if ($i === 80) { echo $f, "\n"; break; } }
printf("%.12f %s\n", (new Circle(2.5))->area(), Suit::from("S")->name);
$sieve = array_fill(2, 99999, true);
for ($i = 2; $i * $i <= 100000; $i++) if ($sieve[$i]) for ($j = $i * $i; $j <= 100000; $j += $i) $sieve[$j] = false;
echo count(array_filter($sieve)), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo get_class($e), ": ", $e->getMessage(), "\n"; } finally { echo "finally\n"; }
echo preg_replace_callback('/\b(\w)(\w*)\b/u', fn ($m) => strtoupper($m[1]) . $m[2], "grüße an alle"), "\n";
$list = [["b", 2], ["a", 3], ["c", 1]]; usort($list, fn ($x, $y) => $x[1] <=> $y[1]);
$words = []; for ($i = 0; $i < 200000; $i++) { $k = "w" . ($i * 7919 % 4999); $words[$k] = ($words[$k] ?? 0) + $i; }
echo count($words), " ", max($words), " ", hash("sha256", serialize($words)), "\n";
mt_srand(42); echo mt_rand(), " ", mt_rand(1, 6), "\n";
$process = proc_open(["/bin/sh", "-c", "read x; echo got \$x; exit 4"], [["pipe", "r"], ["pipe", "w"]], $pipes);
fwrite($pipes[0], "line\n"); fclose($pipes[0]); echo stream_get_contents($pipes[1]), proc_close($process), "\n";
if (function_exists("pcntl_fork") && function_exists("posix_kill")) {
    pcntl_async_signals(true); $seen = 0;
    pcntl_signal(SIGUSR1, function () use (&$seen) { $seen++; });
    for ($i = 0; $i < 50; $i++) posix_kill(posix_getpid(), SIGUSR1);
    $pid = pcntl_fork(); if ($pid === 0) exit(9);
    pcntl_waitpid($pid, $status); echo $seen, " ", pcntl_wexitstatus($status), "\n";
}
$o = json_decode('{"a":{"b":[1,2.5,"x",null,true]}}'); echo $o->a->b[1], " ", json_encode($o, JSON_PRETTY_PRINT), "\n";
echo date("Y-m-d", 86400 * 365), " ", number_format(1234567.891, 2), " ", base64_encode(gzcompress(str_repeat("abc", 1000), 9)), "\n";
PHP
g php program.php

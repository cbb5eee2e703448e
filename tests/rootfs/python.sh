# shellcheck shell=bash
# needs: python3
cat >test.py <<'PY'
import asyncio, collections, decimal, hashlib, json, math, multiprocessing, os, re, signal, sqlite3, struct
import subprocess, sys, threading, zlib

print(sys.version_info[:2], os.uname().machine, struct.calcsize("P"))
print(json.dumps(json.loads('{"a": [1, 2.5, null, true], "b": {"c": "\\u00e9"}}'), sort_keys=True))
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), re.findall(r"\d+", "a1b22c333"))
print(hashlib.sha256(b"x" * 1000).hexdigest(), hashlib.md5(b"y").hexdigest(), zlib.crc32(b"dragoman"))
decimal.getcontext().prec = 40
print(decimal.Decimal(2).sqrt(), math.fsum([0.1] * 10), repr(0.1 + 0.2), 2 ** 100, 1e308 * 10, -7 // 2, 7.5 % -2)
print([round(math.sin(x) * math.exp(x), 9) for x in range(5)], math.gamma(5.5), float.fromhex("0x1.8p-1070"))

total = 0
lock = threading.Lock()
def work():
    global total
    for _ in range(1000):
        with lock:
            total += 1
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print("threads", total)

print(subprocess.run([sys.argv[1] + "/usr/bin/tr", "a-z", "A-Z"], input="child", capture_output=True, text=True).stdout)
async def tick(n):
    await asyncio.sleep(0.001 * n)
    return n
async def main():
    return await asyncio.gather(*(tick(n) for n in range(5)))
print("asyncio", asyncio.run(main()))
multiprocessing.set_start_method("fork")
with multiprocessing.Pool(2) as pool:
    print("multiprocessing", pool.map(math.factorial, range(8)))
db = sqlite3.connect(":memory:")
db.execute("create table t (a integer, b text)")
db.executemany("insert into t values (?, ?)", [(i, str(i * i)) for i in range(100)])
print("sqlite", db.execute("select sum(a), max(length(b)), count(*) from t where a % 3 = 0").fetchone())
seen = []
signal.signal(signal.SIGALRM, lambda *a: seen.append("alarm"))
# Again and again: on a busy host the first may come before pause.
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print(seen[:1])
try:
    sys.setrecursionlimit(500)
    def deep(n): return deep(n + 1)
    deep(0)
except RecursionError as e:
    print(type(e).__name__)
print(collections.Counter("mississippi").most_common(2), sorted({3, 1, 2}), f"{1234567.891:,.2f}")
sys.exit(5)
PY
g python3 test.py "$ROOT"
echo "exit $?"

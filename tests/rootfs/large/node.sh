# shellcheck shell=bash
# needs: node
# Optimised code (TurboFan, also deoptimised), worker threads on shared memory, signals, child processes, HTTP.
cat >workers.js <<'JS'
const { Worker, isMainThread, workerData, parentPort } = require("worker_threads");
if (!isMainThread) {
    const cells = new Int32Array(workerData.shared);
    for (let i = 0; i < 20000; i++) {
        Atomics.add(cells, 0, 1);
        while (Atomics.compareExchange(cells, 1, 0, 1) !== 0) Atomics.wait(cells, 1, 1, 10);
        cells[2]++;
        Atomics.store(cells, 1, 0);
        if (i % 64 === 0) Atomics.notify(cells, 1);
    }
    let primes = 0;
    for (let n = 2 + workerData.index; n < 40000; n += 4) {
        let prime = true;
        for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
        if (prime) primes++;
    }
    parentPort.postMessage(primes);
} else {
    const shared = new SharedArrayBuffer(16);
    let primes = 0, left = 4;
    for (let index = 0; index < 4; index++) {
        const worker = new Worker(__filename, { workerData: { shared, index } });
        worker.on("message", (n) => { primes += n; });
        worker.on("exit", (code) => {
            if (code !== 0) console.log("worker", code);
            if (--left === 0) console.log("workers", new Int32Array(shared)[0], new Int32Array(shared)[2], primes);
        });
    }
}
JS
g node workers.js

cat >jit.js <<'JS'
class Point { constructor(x, y) { this.x = x; this.y = y; } add(o) { return new Point(this.x + o.x, this.y + o.y); } }
function walk(n, step) { let p = new Point(0, 0); for (let i = 0; i < n; i++) p = p.add(step); return p; }
console.log(walk(2e6, new Point(1, 2)));
console.log(walk(10, { x: 0.5, y: "a" }));               // other types: the optimised code is given up
const bytes = new Uint8Array(1 << 16);
for (let round = 0; round < 30; round++) for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i] * 31 + i + round;
console.log(bytes.reduce((a, b) => (a * 33 + b) >>> 0, 5381));
let f = new Float64Array(1000).map((_, i) => Math.sin(i));
for (let round = 0; round < 200; round++) f = f.map((v) => v * 1.0000001 + Math.sqrt(Math.abs(v)) * 1e-9);
console.log(f.reduce((a, b) => a + b).toFixed(12));
for (let i = 0; i < 300; i++) if (new Function("a", `return a * ${i} + ${i * i}`)(i) !== 2 * i * i) console.log("wrong", i);
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 102, 97,
    99, 0, 0, 10, 23, 1, 21, 0, 32, 0, 69, 4, 127, 65, 1, 5, 32, 0, 32, 0, 65, 1, 107, 16, 0, 108, 11, 11]);
console.log("wasm", new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports.fac(10));
function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1); }
try { for (;;) deep(1e6); } catch (e) { console.log(e instanceof RangeError, deep(5000)); }
const seen = new Map();
for (let i = 0; i < 300000; i++) seen.set("k" + (i % 5000), { i, list: [i, i + 1] });   // garbage to collect
console.log(seen.size, [...seen.values()].reduce((a, v) => a + v.list[1], 0));
JS
g node jit.js

cat >signals.js <<'JS'
const { spawn, execFileSync } = require("child_process");
let count = 0;
process.on("SIGUSR2", () => {
    if (++count < 200) return process.kill(process.pid, "SIGUSR2");
    console.log("signals", count);
    const child = spawn(process.execPath, ["-e", `process.on("SIGTERM", () => { console.log("child: TERM"); process.exit(7); });
        setInterval(() => {}, 1000); console.log("ready")`]);
    child.stdout.on("data", (text) => { process.stdout.write(text); if (String(text).includes("ready")) child.kill("SIGTERM"); });
    child.on("close", (code, signal) => {
        console.log("child", code, signal);
        const sleeper = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
        sleeper.on("close", (code, signal) => { console.log("sleeper", code, signal); clearInterval(alive); http(); });
        sleeper.on("spawn", () => sleeper.kill("SIGKILL"));
    });
});
const alive = setInterval(() => {}, 1000);
process.kill(process.pid, "SIGUSR2");
function http() {
    const server = require("http").createServer((request, response) => response.end("you asked for " + request.url));
    server.listen(0, "127.0.0.1", async () => {
        const base = "http://127.0.0.1:" + server.address().port;
        const all = await Promise.all([...Array(20).keys()].map((i) => fetch(base + "/" + i).then((r) => r.text())));
        console.log(all.length, all[19]);
        server.closeAllConnections();
        server.close();
        const z = require("zlib"), data = Buffer.alloc(200000, "abcdefg");
        console.log("zlib", z.gunzipSync(z.gzipSync(data)).equals(data), execFileSync(process.execPath, ["-p", "6*7"]) + "");
    });
}
JS
g node signals.js

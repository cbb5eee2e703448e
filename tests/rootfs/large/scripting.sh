# shellcheck shell=bash
# needs: node ruby php
g node -e 'const c = require("crypto"); let s = 0; for (let i = 0; i < 1e6; i++) s = (s + i * i) % 1000003; console.log(s);
    console.log(c.createHash("sha256").update("x").digest("hex"), [3, 1, 2].sort(), JSON.stringify({ a: [1, { b: null }] }));
    (async () => { await new Promise(r => setTimeout(r, 5)); console.log("async"); })(); console.log(/(\d+)/.exec("ab12")[1], 2n ** 70n)'
g ruby -e 'puts (1..10).inject(:*), "abc".tr("a-c", "x-z"), [3, 1].sort.inspect, 2**100; t = Thread.new { 42 }; puts t.value'
g php -r 'echo array_sum(range(1, 100)), " ", md5("x"), " ", json_encode(["a" => 1.5]), "\n";'

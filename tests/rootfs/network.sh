# shellcheck shell=bash
# needs: openssl curl python3
# Servers and clients on the loopback interface, both of them guests.
g openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -config /dev/null -keyout key.pem -out cert.pem 2>/dev/null
mkdir www
seq 1 200000 >www/numbers

# An address of its own on the loopback network keeps parallel tests apart.
address=127.$((RANDOM % 200 + 1)).$((RANDOM % 200 + 1)).$((RANDOM % 200 + 1))
waited() { # waited COMMAND...: until it succeeds, a minute at most
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "gave up: $*"
}
listening() { (: <"/dev/tcp/$address/$1"); }

# exec, so that the translator itself is what ends below.
(exec "$dragoman" -L "$ROOT" "$ROOT/usr/bin/python3" -m http.server -d www -b "$address" 8000) >/dev/null 2>&1 &
http=$!
waited listening 8000
g curl -sS -o got "http://$address:8000/numbers" && cmp got www/numbers && echo http
for _ in 1 2 3 4; do g curl -sS "http://$address:8000/numbers" | sha256sum & clients+=" $!"; done >sums
# shellcheck disable=SC2086
wait $clients
uniq -c sums | sed 's/^ *//'
g curl -sS -f "http://$address:8000/missing" 2>&1
kill $http
wait $http

(cd www && exec "$dragoman" -L "$ROOT" "$ROOT/usr/bin/openssl" s_server -accept "$address:4433" -cert ../cert.pem \
    -key ../key.pem -WWW) >/dev/null 2>&1 &
tls=$!
waited listening 4433
g curl -sS --cacert cert.pem --connect-to "localhost:4433:$address:4433" -o got https://localhost:4433/numbers &&
    cmp got www/numbers && echo https
printf 'GET /numbers HTTP/1.0\r\n\r\n' |
    g openssl s_client -connect "$address:4433" -CAfile cert.pem -quiet -ign_eof 2>/dev/null | tail -n 1
for version in tls1_2 tls1_3; do
    g openssl s_client -connect "$address:4433" -CAfile cert.pem -$version </dev/null 2>/dev/null |
        grep -E 'Verify return code|^New,' | sed 's/^ *//' | sort -u
done
kill $tls
wait $tls
echo "ended by $?"

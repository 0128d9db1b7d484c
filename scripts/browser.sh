#!/usr/bin/env bash
# browser.sh: two sandboxes with web servers, looked at by curl and by a real headless browser: by host name and by path, WebSocket and
#   links included; and what a page of one can do to the other. Needs root, `make build`, musl-gcc, jq, and Debian's chromium (or CHROMIUM).
#   It starts a daemon of its own and leaves nothing behind. It is no part of `make test`: the browser is some 300 MB to install.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
instance=sleigh-browser
sleigh_home=$work/daemon
listen=127.0.0.1:${PORT:-10137}
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
need_root
chromium=${CHROMIUM:-$(command -v chromium || true)}
[ -n "$chromium" ] || die "there is no chromium: apt-get install chromium, or set CHROMIUM"
[ -x "$sleighd" ] || die "there is no $sleighd: make build"

browser=
finish() {
    local status=$?
    trap '' INT TERM
    [ -z "$browser" ] || kill -TERM "-$browser" 2> /dev/null || true
    if stop_daemon; then rm -rf "$state_dir"; else status=1; fi
    [ "$status" = 0 ] || tail -n 20 "$daemon_log" >&2
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

SLEIGH_INGRESS_DOMAIN=localhost start_daemon
api=http://$listen

mkdir -p "$work/tree/bin" "$work/tree/tmp"
cp /bin/busybox "$work/tree/bin/busybox"
for name in sh cat rm; do ln -s busybox "$work/tree/bin/$name"; done
musl-gcc -static -Os -o "$work/tree/web" "$repository/tests/integration/Daemon/Programs/web.c"
cp "$repository/scripts/browser-page.html" "$work/tree/page.html"
tar -C "$work/tree" --owner=0 --group=0 -cf "$work/web.tar" .
"$sleighctl" image import "$work/web.tar" --tree --name web > /dev/null

# serve NAME: a sandbox whose server greets with its name; prints the id.
serve() {
    local id
    id=$("$sleighctl" create --image web --name "$1" --port 8080 2> /dev/null)
    # The command runs on; only its start is waited for.
    curl -sf --unix-socket "$SLEIGH_SOCKET" "http://localhost/sandboxes/$id/exec" -d "{\"command\":\"exec /web 127.0.0.1 8080 $1\"}" > /dev/null
    "$sleighctl" ports wait "$id" 8080 > /dev/null
    printf '%s' "$id"
}
one=$(serve one)
two=$(serve two)
encode() { jq -rn --arg text "$1" '$text | @uri'; }
link() { "$sleighctl" ports link "$1" 8080 --path "$2" 2> /dev/null; }
report() { curl -sf --unix-socket "$SLEIGH_SOCKET" "http://localhost/sandboxes/$1/files?path=/report" 2> /dev/null; }

# browse FIRST-ADDRESS: a browser with a profile of its own, until both pages have reported.
browse() {
    "$sleighctl" exec one -- rm -f /report
    "$sleighctl" exec two -- rm -f /report
    setsid "$chromium" --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir="$work/profile$RANDOM" "$1" > "$work/browser.log" 2>&1 < /dev/null &
    browser=$!
    local tries=600
    until report "$one" > /dev/null && report "$two" > /dev/null; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "the pages have not reported after 60 s: $(tail -n 5 "$work/browser.log")"
        sleep 0.1
    done
    kill -TERM "-$browser" 2> /dev/null || true
    wait "$browser" 2> /dev/null || true
    browser=
}

failures=0
# same WHAT SEEN EXPECTED
same() {
    if [ "$2" = "$3" ]; then
        say "ok    $1 is $2"
    else
        say "FAIL  $1 is '$2', not '$3'"
        failures=$((failures + 1))
    fi
}

# is WHAT WHOSE-REPORT MEMBER EXPECTED
is() {
    local seen
    seen=$(report "$2" | python3 -c 'import sys, urllib.parse; print(urllib.parse.unquote(sys.stdin.read()))' | jq -r ".$3")
    same "$1: $3" "$seen" "$4"
}

by_path() { local made; made=$(link "$1" /); printf '%s/sandboxes/%s/ports/8080%s%ssleigh_link=%s' "$api" "$2" "$3" "$4" "${made##*=}"; }
# curl follows the link to the clean address with the cookie it got. --resolve is not needed: names below localhost are loopback.
fetch() { curl -sfL -c "$work/cookies$RANDOM" "$1"; }
for each in "one $one" "two $two"; do
    read -r name id <<< "$each"
    same "by host name, curl" "$(fetch "$(link "$name" /greet)")" "$name"
    same "by path, curl" "$(fetch "$(by_path "$name" "$id" /greet '?')")" "$name"
    same "by path, curl with a token that nobody was given" "$(curl -s -o /dev/null -w '%{http_code}' -H 'X-Session-Token: no' "$api/sandboxes/$id/ports/8080/greet")" 401
done

# The first page leaves its cookie in the browser; the second tries to use it.
other=$(link two /greet)
next=$(link one "/page?other=$(encode "${other%%\?*}")")
browse "$(link two "/page?next=$(encode "$next")")"
for each in "one $one" "two $two"; do
    read -r name id <<< "$each"
    is "by host name" "$id" greet "$name"
    is "by host name" "$id" websocket echo
    is "by host name" "$id" address clean
    is "by host name" "$id" cookie clean
done
is "by host name, a page of one reads two" "$one" other error

next=$(by_path one "$one" /page '?')
browse "$(by_path two "$two" "/page?next=$(encode "$next")" '&')"
for each in "one $one" "two $two"; do
    read -r name id <<< "$each"
    is "by path" "$id" greet "$name"
    is "by path" "$id" websocket echo
    is "by path" "$id" address clean
    is "by path" "$id" cookie clean
    is "by path" "$id" api closed
done

[ "$failures" = 0 ] || die "$failures checks failed"
say "all checks passed with $("$chromium" --version 2> /dev/null | head -n 1)"

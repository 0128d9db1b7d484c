#!/usr/bin/env bash
# docker-load.sh: a snapshot exported by Sleigh, taken by `docker load`, has the same files in a container and runs there. Needs root, `make
#   build`, jq, zstd, and Debian's docker.io and busybox-static. It starts a Sleigh, a dockerd and a containerd of its own, without a bridge or firewall rules, and leaves
#   nothing behind.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
instance=sleigh-docker
sleigh_home=$work/daemon
listen=127.0.0.1:${PORT:-10138}
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
need_root
for tool in dockerd containerd docker jq zstd; do command -v "$tool" > /dev/null || die "there is no $tool: apt-get install docker.io jq zstd"; done
[ -x "$sleighd" ] || die "there is no $sleighd: make build"

docker_run=/run/$instance-engine
docker() { HOME=$work command docker -H "unix://$docker_run/docker.sock" "$@"; }
engine=()
finish() {
    local status=$? pid
    trap '' INT TERM
    # dockerd first; containerd's shims end with their containers, which are gone by then.
    for pid in "${engine[@]}"; do
        kill -TERM "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    stop_daemon || status=1
    awk -v a="$work/" -v b="$docker_run/" 'index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo | tac |
        while read -r mount; do umount -l "$mount" 2> /dev/null || true; done
    find /sys/fs/cgroup -depth -type d -path "*/$instance-engine*" -exec rmdir {} + 2> /dev/null || true
    [ "$status" = 0 ] || tail -n 5 "$daemon_log" "$work"/*.log >&2
    rm -rf "$work" "$docker_run" "$state_dir"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_daemon
mkdir -p "$work/tree/bin" "$work/tree/tmp" "$work/tree/old/deep" "$work/tree/etc"
cp /bin/busybox "$work/tree/bin/busybox"
for name in sh cat rm ln mkdir chmod chown touch mv mkfifo setpriv; do ln -s busybox "$work/tree/bin/$name"; done
for name in gone kept changed; do echo "$name" > "$work/tree/old/$name"; done
echo deep > "$work/tree/old/deep/file"
tar -C "$work/tree" --owner=0 --group=0 -cf "$work/tree.tar" .
"$sleighctl" image import "$work/tree.tar" --tree --name tree > /dev/null
"$sleighctl" create --image tree --name box > /dev/null 2>&1
"$sleighctl" exec box -- sh -c '
    rm /old/gone; echo more >> /old/changed; chmod 4751 /old/kept; rm -r /old/deep; mkdir /old/deep; echo new > "/old/deep/a name"
    mkdir -p /new/empty; echo one > /new/one; ln /new/one /new/two; ln -s ../old/kept /new/link; mkfifo /new/pipe; chown 1000:2000 /new/one
    touch -d "2001-02-03 04:05:06" /new/empty'
"$sleighctl" snapshot box --name out > /dev/null 2>&1
box=$("$sleighctl" ls -o json | jq -r '.items[] | select(.name == "box") | .sandbox_id')
api() { curl -sf --unix-socket "$SLEIGH_SOCKET" "$@"; }
snapshot=$(api "http://localhost/sandboxes/$box/snapshots" | jq -r '.items[0].id')
api "http://localhost/sandboxes/$box/snapshots/$snapshot/export?name=me/app:1" -o "$work/app.tar"
api "http://localhost/sandboxes/$box/snapshots/$snapshot/export?format=tar.zst" -o "$work/files.tar.zst"

mkdir -p "$docker_run" "$work/tmp"
cat > "$work/containerd.toml" << END
version = 2
root = "$work/containerd"
state = "$docker_run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$docker_run/containerd.sock"
END
echo '{}' > "$work/daemon.json"
containerd --config "$work/containerd.toml" --log-level warn > "$work/containerd.log" 2>&1 &
engine=($!)
until_there() {
    local tries=600
    until "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "not there after 60 s: $*"
        sleep 0.1
    done
}
until_there test -S "$docker_run/containerd.sock"
DOCKER_TMPDIR=$work/tmp dockerd --config-file "$work/daemon.json" --data-root "$work/docker" --exec-root "$docker_run/exec" --pidfile "$docker_run/docker.pid" \
    --host "unix://$docker_run/docker.sock" --containerd "$docker_run/containerd.sock" --containerd-namespace "$instance" \
    --containerd-plugins-namespace "$instance-plugins" --bridge=none --iptables=false --ip-forward=false --cgroup-parent "/$instance-engine" \
    --log-level warn > "$work/dockerd.log" 2>&1 &
engine=("$!" "${engine[@]}")
until_there docker version

failures=0
# same WHAT ONE OTHER
same() {
    if [ "$2" = "$3" ]; then
        say "ok    $1"
    else
        say "FAIL  $1"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 20
        failures=$((failures + 1))
    fi
}
# manifest DIRECTORY: each file with type, mode, owner, links, time, target and content; without what docker puts into each container.
manifest() {
    (cd "$1" && find . -mindepth 1 \( -path ./dev -o -path ./proc -o -path ./sys -o -path ./.dockerenv -o -path ./etc/hosts -o -path ./etc/hostname -o -path ./etc/resolv.conf \
        -o -path ./etc/mtab -o -path ./etc/machine-id \) -prune -o -printf '%y %m %U:%G %n %Ts %l %p\0' | sort -z | tr '\0' '\n' | grep -v ' \./etc$' &&
        find . -type f \( -path ./new/\* -o -path ./old/\* -o -path ./bin/\* \) -print0 | sort -z | xargs -0 sha256sum)
}
same "docker load names the image" "$(docker load -i "$work/app.tar" | tail -n 1)" "Loaded image: me/app:1"
same "a container of it runs" "$(docker run --rm --network none me/app:1 sh -c 'cat /old/changed /new/two "/old/deep/a name"; [ ! -e /old/gone ] && [ ! -e /old/deep/file ] && echo clean')" \
    "$(printf 'changed\nmore\none\nnew\nclean')"
container=$(docker create --network none me/app:1 sh)
mkdir "$work/theirs" "$work/ours"
docker export "$container" | tar -C "$work/theirs" --same-owner -xpf -
docker rm "$container" > /dev/null
zstd -dcq "$work/files.tar.zst" | tar -C "$work/ours" --same-owner -xpf -
same "its files are those of the snapshot" "$(manifest "$work/ours")" "$(manifest "$work/theirs")"
docker rmi me/app:1 > /dev/null
[ "$failures" = 0 ] || die "$failures checks failed"
say "all checks passed with Docker $(docker version --format '{{.Server.Version}}'): $(manifest "$work/ours" | wc -l) lines of files and contents"

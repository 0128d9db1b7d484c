#!/usr/bin/env bash
# vm-qemu.sh: fetches the QEMU of Debian 13 into the cache, for hosts whose own is too old, and prints its folder; in it, `run PROGRAM
# ARGUMENT...` starts one of its programs with its own libraries. Nothing of the host's packages or sources is changed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm-lib.sh
. "$repository/scripts/vm-lib.sh"

suite=trixie
target=$vm_cache/qemu-$(sha256sum "$0" | cut -c 1-16)
if [ ! -e "$target/done" ]; then
    need_root
    mkdir -p "$vm_cache"
    exec 9> "$vm_cache/qemu.lock"
    flock 9
fi
if [ ! -e "$target/done" ]; then
    rm -rf "$vm_cache"/qemu.new.*
    work=$(mktemp -d "$vm_cache/qemu.new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/result" "$work/tmp"
    sources "$suite" > "$work/sources.list"
    host_apt_options > "$work/apt.conf"
    # Unpacked only: none of its packages' scripts run.
    TMPDIR=$work/tmp unshare --mount --propagation slave -- mmdebstrap --mode=root --format=directory --variant=extract --skip=output/dev \
        --include=qemu-system-x86 --aptopt="$work/apt.conf" --aptopt='APT::Sandbox::User "root"' --aptopt='APT::Install-Recommends "false"' \
        "$suite" "$work/result/root" - < "$work/sources.list" > "$vm_cache/qemu.log" 2>&1 9>&- ||
        die "the QEMU of Debian 13 could not be fetched: $(grep '^E: ' "$vm_cache/qemu.log" | tail -n 1) (log: $vm_cache/qemu.log)"
    cat > "$work/result/run" <<'END'
#!/bin/sh
# Programs of another Debian, started by their own loader.
root=$(dirname "$(readlink -f "$0")")/root
program=$1
shift
libraries=$root/usr/lib/x86_64-linux-gnu
export QEMU_MODULE_DIR="$libraries/qemu"
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/pulseaudio" \
    "$root/usr/bin/$program" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
END
    chmod +x "$work/result/run"
    rm -rf "$work"/result/root/usr/share/{doc,man,locale,icons} "$work"/result/root/var/{cache,lib/apt}
    touch "$work/result/done"
    rm -rf "$target"
    mv "$work/result" "$target"
    find "$vm_cache" -mindepth 1 -maxdepth 1 -name 'qemu-*' ! -path "$target" -exec rm -rf {} +
fi
say "$target"

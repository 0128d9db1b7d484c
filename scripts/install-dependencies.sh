#!/usr/bin/env bash
# Installs the programs of Debian that Sleigh needs, when they are missing. Starts no service: Sleigh runs its own containerd.
# --machines: what tests/vm needs too. Other arguments are helpful packages more, each as THING=PACKAGE.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# What must be there, and the package that brings it. A thing counts as there wherever it comes from: containerd and runc may
# be Docker's containerd.io. A thing is a program, a library, or a path.
needed=(
    containerd=containerd
    runc=runc
    mkfs.btrfs=btrfs-progs
    mmdebstrap=mmdebstrap
    musl-gcc=musl-tools
    # Links the native programs; musl-gcc stands on it too.
    gcc=gcc
    /usr/include/stdio.h=libc6-dev
    # TLS to registries.
    libssl.so.3=libssl3
    make=make
    losetup=mount
    unshare=util-linux
    ps=procps
    # The network of sandboxes.
    /usr/lib/cni/bridge=containernetworking-plugins
    nft=nftables
    ip=iproute2
    # With its standard library: the tests of the command line use unittest.
    /usr/lib/python3*/unittest=python3
    libsqlite3.so.0=libsqlite3-0
)
# What only some tests look at. Without it they are skipped and say so.
helpful=(
    mkfs.xfs=xfsprogs
    newuidmap=uidmap
    busybox=busybox-static
    curl=curl
    jq=jq
    docker-registry=docker-registry
    # Another program's opinion of the images that snapshots are exported as.
    skopeo=skopeo
    zstd=zstd
    /usr/share/gocode/src/github.com/containerd/containerd/api=golang-github-containerd-containerd-dev
)
# What the machines of tests/vm are made with and run in.
machines=(
    qemu-system-x86_64=qemu-system-x86
    qemu-img=qemu-utils
    mke2fs=e2fsprogs
    mkfs.xfs=xfsprogs
    busybox=busybox-static
    flock=util-linux
)
if [ "${1:-}" = --machines ]; then
    shift
    needed+=("${machines[@]}")
fi
helpful+=("$@")

is_there() {
    case $1 in
        /*) compgen -G "$1" > /dev/null ;;
        # Not grep -q: it may close the pipe before ldconfig has written all, and pipefail takes that for a library that is missing.
        *.so.*) ldconfig -p | grep -F "$1 " > /dev/null ;;
        *) command -v "$1" > /dev/null ;;
    esac
}

# missing NEED...: the packages to install, on one line.
missing() {
    local need list=()
    for need in "$@"; do
        is_there "${need%%=*}" || list+=("${need#*=}")
    done
    printf "%s" "${list[*]}"
}

packages=$(missing "${needed[@]}")
extras=$(missing "${helpful[@]}")
[ -n "$packages$extras" ] || exit 0
if ! command -v apt-get > /dev/null; then
    [ -z "$packages" ] || die "these are missing and there is no apt-get to install them: $packages"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    [ -z "$packages" ] || die "these Debian packages are missing: $packages. Run this as root, or: sudo apt-get install $packages"
    exit 0
fi

# A package's own script asks policy-rc.d before it starts a service; 101 means no (invoke-rc.d(8), deb-systemd-invoke(1p)).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\n# Put here by Sleigh while it installs packages; safe to remove.\nexit 101\n' > $policy
    chmod 755 $policy
fi
units=()
for unit in containerd.service docker-registry.service docker.service docker.socket; do
    [ -e /lib/systemd/system/$unit ] || units+=("$unit")
done

log=$(mktemp /tmp/sleigh-apt-XXXXXX)
updated=0
update() {
    # A foreign source that fails is no reason to stop.
    [ $updated = 1 ] || apt-get update -o DPkg::Lock::Timeout=300 >> "$log" 2>&1 || true
    updated=1
}
try_install() {
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 $1 >> "$log" 2>&1
}
install() {
    say "installing $1"
    compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null || update
    # Lists that are older than the mirrors name versions that are gone.
    try_install "$1" || { update && try_install "$1"; }
}

if [ -n "$packages" ]; then
    install "$packages" || die "apt-get could not install $packages: $(grep -E '^(E|W): ' "$log" | tail -n 3 | tr '\n' ' ')(log: $log)"
fi
if [ -n "$extras" ] && ! install "$extras"; then
    say "could not install $extras; what needs them says so (log: $log)"
fi

# They would start at the next boot otherwise, and nobody asked for it.
for unit in "${units[@]}"; do
    if [ -e "/lib/systemd/system/$unit" ] && [ -d /run/systemd/system ]; then
        systemctl disable --quiet "$unit" 2> /dev/null || true
    fi
done

still=$(missing "${needed[@]}")
[ -z "$still" ] || die "installed, but still not found: $still (log: $log)"
rm -f "$log"

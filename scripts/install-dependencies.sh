#!/usr/bin/env bash
# Installs the programs of Debian that Sleigh needs, when they are missing. Starts no service: Sleigh runs its own containerd.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# What must be there, and the package that brings it. A thing counts as there wherever it comes from: containerd and runc may
# be Docker's containerd.io. Things are programs, files, or folders.
needs=(
    containerd=containerd
    runc=runc
    mkfs.btrfs=btrfs-progs
    mkfs.xfs=xfsprogs
    mmdebstrap=mmdebstrap
    musl-gcc=musl-tools
    make=make
    busybox=busybox-static
    losetup=mount
    unshare=util-linux
    newuidmap=uidmap
    ps=procps
    curl=curl
    # Also with its standard library, which the tests of the command line use for unittest.
    /usr/lib/python3*/unittest=python3
    ip=iproute2
    libsqlite3.so.0=libsqlite3-0
    /usr/share/gocode/src/github.com/containerd/containerd/api=golang-github-containerd-containerd-dev
)

is_there() {
    case $1 in
        /*) compgen -G "$1" > /dev/null ;;
        *.so.*) ldconfig -p | grep -qF "$1 " ;;
        *) command -v "$1" > /dev/null ;;
    esac
}

missing() {
    local need
    for need in "${needs[@]}"; do
        is_there "${need%%=*}" || printf '%s\n' "${need#*=}"
    done | sort -u
}

packages=$(missing | tr '\n' ' ')
packages=${packages% }
[ -n "$packages" ] || exit 0

command -v apt-get > /dev/null || die "these are missing and there is no apt-get to install them: $packages"
[ "$(id -u)" = 0 ] || die "these Debian packages are missing: $packages. Run this as root, or: sudo apt-get install $packages"

# A package's start script asks policy-rc.d before it starts a service; 101 means no (invoke-rc.d(8), deb-systemd-invoke(1p)).
policy=/usr/sbin/policy-rc.d
had_containerd=$(compgen -G '/lib/systemd/system/containerd.service' || true)
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\n# Put here by Sleigh while it installs packages; safe to remove.\nexit 101\n' > $policy
    chmod 755 $policy
fi

log=$(mktemp /tmp/sleigh-apt-XXXXXX)
export DEBIAN_FRONTEND=noninteractive
install() {
    # shellcheck disable=SC2086
    apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 $packages > "$log" 2>&1
}

say "installing $packages"
lists_are_there() { compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null; }
if ! lists_are_there || ! install; then
    # The lists are missing, or too old for what the mirrors still hold. A foreign source that fails is no reason to stop.
    apt-get update -o DPkg::Lock::Timeout=300 > "$log.update" 2>&1 || true
    install || die "apt-get could not install $packages: $(grep -E '^(E|W): ' "$log" "$log.update" -h | tail -n 3 | tr '\n' ' ')(log: $log)"
fi

# It would start at the next boot otherwise, and nobody asked for it.
if [ -z "$had_containerd" ] && [ -d /run/systemd/system ] && compgen -G '/lib/systemd/system/containerd.service' > /dev/null; then
    systemctl disable --quiet containerd.service 2> /dev/null || true
fi

still=$(missing | tr '\n' ' ')
[ -z "$still" ] || die "installed, but still not found: $still(log: $log)"
rm -f "$log" "$log.update"

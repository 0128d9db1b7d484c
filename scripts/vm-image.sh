#!/usr/bin/env bash
# vm-image.sh [debian12|debian13]: makes the disk, kernel and initial ram disk of a test machine from Debian packages, unless the cache has
# them, and prints their folder. Needs root. Nothing is mounted on the host but in a namespace that ends with this script.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm-lib.sh
. "$repository/scripts/vm-lib.sh"

machine=${1:-debian12}
check_machine "$machine"

# What is installed in the machine: a Debian that boots, and what the tests look at it with. Nothing that Sleigh needs.
installed=(systemd-sysv dbus udev kmod iproute2 procps qemu-guest-agent systemd-coredump)
# What `apt install` finds in the machine's own repository, with all that they depend on: what sleigh.deb needs, and what it can work with.
offered=(containerd runc crun lxcfs btrfs-progs libsqlite3-0 e2fsprogs util-linux mount adduser procps kmod iproute2 nftables containernetworking-plugins mmdebstrap ca-certificates zstd)
case $machine in
    debian12) suite=bookworm kernel=linux-image-cloud-amd64 offered+=(libssl3) ;;
    debian13) suite=trixie kernel=linux-image-cloud-amd64 offered+=(libssl3t64) ;;
esac
# Runs at every boot for nobody here, or only costs time.
masked=(apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
    getty.target serial-getty@ttyS0.service systemd-hwdb-update.service systemd-journal-catalog-update.service ldconfig.service
    systemd-update-done.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-pstore.service
    systemd-random-seed.service systemd-firstboot.service systemd-network-generator.service modprobe@drm.service)
how_to_merge_usr "$suite"
installed+=($usr_merged)
modules=(virtio_pci virtio_blk ext4)

inputs() {
    printf '%s\n' "$machine" "$suite" "$kernel" "${installed[*]}" "${offered[*]}"
    (cd "$repository" && find scripts/vm-image.sh scripts/vm-sandbox-images.sh scripts/vm-lib.sh tests/vm/guest tests/vm/guest-init tests/vm/burst.c -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum)
}
target=$vm_cache/$machine-$(inputs | sha256sum | cut -c 1-16)

if [ "${2:-}" != in-namespace ]; then
    if [ -e "$target/done" ]; then
        touch "$target/done"
        say "$target"
        exit 0
    fi
    need_root
    mkdir -p "$vm_cache"
    exec 9> "$vm_cache/$machine.lock"
    flock 9
    if [ ! -e "$target/done" ]; then
        # Whoever holds the lock is the only builder, so what is there half-made belongs to a dead one.
        rm -rf "$vm_cache/$machine".new.*
        log=$vm_cache/$machine.log
        unshare --mount --propagation slave -- "$0" "$machine" in-namespace > "$log" 2>&1 9>&- || {
            tail -n 15 "$log" >&2
            rm -rf "$vm_cache/$machine".new.*
            die "the image of $machine could not be made; the whole log is $log"
        }
        # Older images of the same machine, unless one of them was used in the last days.
        find "$vm_cache" -mindepth 2 -maxdepth 2 -path "*/$machine-*/done" -mtime +3 -printf '%h\0' | xargs -0 -r rm -rf
    fi
    say "$target"
    exit 0
fi

set -x
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
work=$(mktemp -d "$vm_cache/$machine.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
root=$work/root
result=$work/result
mkdir "$result" "$work/kernel" "$work/tmp"
export TMPDIR=$work/tmp
sources "$suite" > "$work/sources.list"
host_apt_options > "$work/apt.conf"

mkdir "$work/sandbox" "$work/images"
cp "$work/sources.list" "$work/apt.conf" "$work/sandbox/"
"$repository/scripts/vm-sandbox-images.sh" "$suite" "$work/images" "$work/sandbox" > "$vm_cache/$machine-sandbox.log" 2>&1 &
sandbox_images=$!

# Fetched by the host's apt into the new root's folders: the kernel, and all that is offered and not installed.
cat > "$work/fetch" <<'END'
#!/bin/sh
set -eux
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
cd "$WORK/kernel"
version=$(apt-cache depends --important "$KERNEL" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
apt-get download "$version"
rm -f "$1"/var/cache/apt/archives/*.deb
apt-get install --yes --no-install-recommends --download-only $OFFERED
mkdir -p "$1/var/local/repo"
mv "$1"/var/cache/apt/archives/*.deb "$1/var/local/repo/"
END
chmod +x "$work/fetch"
WORK=$work KERNEL=$kernel OFFERED="${offered[*]}" mmdebstrap --mode=root --format=directory --variant=apt --skip=output/dev \
    "${merge_usr[@]}" --include="$(IFS=, && printf %s "${installed[*]}")" --aptopt="$work/apt.conf" --aptopt='APT::Sandbox::User "root"' \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --customize-hook="$work/fetch" \
    --customize-hook='rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/resolv.conf"' \
    "$suite" "$root" - < "$work/sources.list"

dpkg-deb -x "$work"/kernel/linux-image-*.deb "$work/kernel/files"
version=$(basename "$work"/kernel/files/boot/vmlinuz-* | cut -d - -f 2-)
mv "$work/kernel/files/boot/vmlinuz-$version" "$result/vmlinuz"
mkdir -p "$root/usr/lib/modules" "$root/boot"
find "$work/kernel/files" -type d -path "*/modules/$version" -exec cp -a {} "$root/usr/lib/modules/" \;
cp "$work/kernel/files/boot/config-$version" "$root/boot/"
chroot "$root" depmod "$version"

# The initial ram disk: a shell and the modules of the root disk.
ram=$work/ram
mkdir -p "$ram"/{bin,dev,proc,root}
cp "$(command -v busybox)" "$ram/bin/busybox"
install -m 755 "$repository/tests/vm/guest-init" "$ram/init"
for module in "${modules[@]}"; do
    chroot "$root" modprobe --set-version "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    name=$(basename "$file")
    case $name in
        *.xz) xz -dc "$root$file" > "$ram/${name%.xz}" && name=${name%.xz} ;;
        *) cp "$root$file" "$ram/" ;;
    esac
    printf '%s\n' "$name"
done > "$ram/modules"
(cd "$ram" && find . | busybox cpio -o -H newc) > "$result/initrd"

# The repository of what Sleigh depends on.
for deb in "$root"/var/local/repo/*.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$deb")" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d ' ' -f 1)"
done > "$root/var/local/repo/Packages"
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
cp -a --no-preserve=ownership "$repository/tests/vm/guest/." "$root/"
chroot "$root" apt-get update

mkdir -p "$root/var/local/images"
wait $sandbox_images || die "the images for sandboxes could not be made; see $vm_cache/$machine-sandbox.log"
cp "$work"/images/*.tar "$root/var/local/images/"
mv "$work"/images/*.tar "$result/"

printf '%s\n' "$machine" > "$root/etc/hostname"
printf '127.0.0.1 localhost %s\n' "$machine" > "$root/etc/hosts"
printf '%s\n' "$machine" | md5sum | cut -c 1-32 > "$root/etc/machine-id"
: > "$root/etc/fstab"
for unit in "${masked[@]}"; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
chroot "$root" systemctl enable vm-network.service
mkdir -p "$root/var/log/journal"
rm -rf "$root"/usr/share/{man,doc,locale}/* "$root"/var/log/*.log "$root"/var/log/apt "$root"/var/cache/debconf/*-old
dpkg-query --admindir="$root/var/lib/dpkg" -W > "$result/packages"
touch "$root/etc/.updated" "$root/var/.updated"

mke2fs -q -t ext4 -L root -m 0 -J size=32 -E lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0 -d "$root" "$result/root.ext4" 4G
date -u > "$result/done"
rm -rf "$target"
mv "$result" "$target"

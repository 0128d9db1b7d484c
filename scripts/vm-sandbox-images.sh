#!/usr/bin/env bash
# vm-sandbox-images.sh SUITE FOLDER WORK: makes the images that sandboxes in a test machine stand on, as docker archives without
# compression: quickstart.tar (python3 with its standard library; little else, for all is slow in an emulated machine) and busybox.tar.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm-lib.sh
. "$repository/scripts/vm-lib.sh"
suite=$1 folder=$2 work=$3

# archive NAME LAYER: LAYER is an uncompressed tar of the root folder.
archive() {
    local name=$1 layer=$2 digest architecture
    digest=$(sha256sum "$layer" | cut -d ' ' -f 1)
    case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; esac
    rm -rf "$work/archive"
    mkdir "$work/archive"
    mv "$layer" "$work/archive/layer.tar"
    cat > "$work/archive/config.json" <<END
{"architecture":"$architecture","os":"linux","created":"1970-01-01T00:00:00Z",
"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"],"WorkingDir":"/"},
"rootfs":{"type":"layers","diff_ids":["sha256:$digest"]}}
END
    printf '[{"Config":"config.json","RepoTags":["%s:latest"],"Layers":["layer.tar"]}]\n' "$name" > "$work/archive/manifest.json"
    tar -C "$work/archive" --owner=0 --group=0 --numeric-owner -cf "$folder/$name.tar" manifest.json config.json layer.tar
    rm -rf "$work/archive"
}

mkdir -p "$work/busybox"/{bin,dev,etc,proc,root,sys,tmp,usr/bin,var/tmp}
chmod 1777 "$work/busybox/tmp" "$work/busybox/var/tmp"
cp "$(command -v busybox)" "$work/busybox/bin/busybox"
for applet in $("$work/busybox/bin/busybox" --list); do ln -sf busybox "$work/busybox/bin/$applet"; done
ln -sf ../../bin/busybox "$work/busybox/usr/bin/env"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > "$work/busybox/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$work/busybox/etc/group"
tar -C "$work/busybox" --owner=0 --group=0 --numeric-owner --sort=name -cf "$work/busybox.tar" .
archive busybox "$work/busybox.tar"

# Of what every Debian has: no manual pages, no other languages, no perl, no package management.
cat > "$work/strip" <<'END'
#!/bin/sh
set -eu
cd "$1"
rm -rf usr/share/doc/* usr/share/man/* usr/share/info usr/share/locale usr/share/i18n usr/share/zoneinfo usr/share/lintian usr/share/bug \
    usr/share/perl5 usr/bin/perl* usr/lib/*/perl-base usr/lib/*/gconv usr/lib/locale usr/bin/dpkg* usr/share/dpkg usr/lib/dpkg usr/bin/apt* \
    usr/lib/apt usr/share/keyrings var/lib/dpkg var/lib/apt var/cache/* var/log/* usr/lib/systemd lib/systemd etc/systemd usr/lib/udev lib/udev \
    usr/sbin/mkfs* usr/sbin/mke2fs usr/sbin/fsck* usr/sbin/e2* usr/sbin/resize2fs usr/sbin/debugfs usr/share/pixmaps usr/share/applications \
    usr/lib/python3*/idlelib usr/lib/python3*/lib2to3 usr/lib/python3*/ensurepip usr/lib/python3*/pydoc_data usr/lib/python3*/distutils \
    usr/lib/python3*/turtle* usr/lib/python3*/test
: > etc/resolv.conf
END
chmod +x "$work/strip"
mmdebstrap --mode=root --format=tar --variant=essential --skip=output/dev --include=python3 \
    --aptopt="$work/apt.conf" --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --customize-hook="$work/strip" "$suite" "$work/quickstart.tar" - < "$work/sources.list"
archive quickstart "$work/quickstart.tar"

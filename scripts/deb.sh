#!/usr/bin/env bash
# [VERSION=…] deb.sh: builds artifacts/deb/sleigh_<version>_<architecture>.deb from the programs of build.sh, and looks at it with lintian.
#   Another VERSION packages the same programs under it: for trying an upgrade.
# SLEIGH_DEB_OUTPUT: another folder for it.
# Why debhelper, and from what the package is made: docs/decisions/0013-debian-package.md
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$repository"

version_here=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
version=${VERSION:-$version_here}
output=${SLEIGH_DEB_OUTPUT:-$artifacts/deb}

# What only the package needs; who runs `make run` does not get it.
install_tools() {
    local tool
    scripts/install-dependencies.sh dh=debhelper dpkg-buildpackage=dpkg-dev lintian=lintian man=man-db systemd-analyze=systemd
    for tool in dh dpkg-buildpackage lintian man systemd-analyze; do
        command -v "$tool" > /dev/null || die "$tool is missing; a package needs debhelper, dpkg-dev, lintian, man-db and systemd"
    done
}

# Files get the time of the last commit, so that the same sources give the same package.
source_date() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        printf '%s' "$SOURCE_DATE_EPOCH"
    else
        git log -1 --format=%ct 2> /dev/null || stat --format %Y CHANGELOG.md
    fi
}

need_native_programs() {
    local program
    for program in sleighd sleighctl; do
        [ "$(cat "$artifacts/$program/.form")" = "native code" ] ||
            die "$program is compiled as $(cat "$artifacts/$program/.form"); a package is made of native programs only (see $artifacts/log)"
    done
}

# The licences of what the .NET runtime took in, from the package the programs were linked from.
runtime_notices() {
    local packages=${NUGET_PACKAGES:-$HOME/.nuget/packages} found
    found=$(compgen -G "$packages/microsoft.netcore.app.runtime.nativeaot.$(runtime_id)/*/THIRD-PARTY-NOTICES.TXT" | sort -V | tail -n 1)
    [ -n "$found" ] || die "there is no THIRD-PARTY-NOTICES.TXT of the .NET runtime in $packages; build the programs on this machine: make build"
    printf '%s' "$found"
}

# stage FOLDER VERSION: a source tree for dpkg-buildpackage, with everything that needs more than dpkg's tools done.
stage() {
    local folder=$1 version=$2 script
    rm -rf "$folder"
    mkdir -p "$folder"/stage/{completions,docs,man,needrestart}
    cp -r packaging/deb "$folder/debian"
    for script in prerm postrm; do
        sed -i -e '/^#LEFTOVERS#$/{r packaging/deb/leftovers.sh' -e 'd}' "$folder/debian/sleigh.$script"
    done
    rm "$folder/debian/leftovers.sh"
    mv "$folder/debian/10-systemd.yaml" "$folder/debian/sleigh-sandboxes.service" "$folder/debian/sandboxes-home" "$folder/stage/"
    mv "$folder/debian/needrestart.conf" "$folder/stage/needrestart/sleigh.conf"
    install -m 755 "$artifacts/sleighd/sleighd" "$artifacts/sleighctl/sleighctl" "$artifacts/sleigh-init" "$folder/stage/"
    cp sleigh.yaml "$folder/stage/"
    cp docs/*.md docs/*.svg "$folder/stage/docs/"
    cp "$(runtime_notices)" "$folder/stage/docs/dotnet-third-party-notices.txt"
    "$artifacts/sleighctl/sleighctl" completion bash > "$folder/stage/completions/sleighctl"
    python3 packaging/man/make_pages.py "$folder/stage/man" "$version" "$SOURCE_DATE_EPOCH" "$artifacts/sleighctl/sleighctl"
    packaging/changelog.sh "$version" "$SOURCE_DATE_EPOCH" < CHANGELOG.md > "$folder/debian/changelog"
}

# pack FOLDER VERSION: leaves FOLDER/sleigh_VERSION_ARCHITECTURE.deb.
pack() {
    stage "$1/source" "$2"
    (cd "$1/source" && LC_ALL=C.UTF-8 dpkg-buildpackage --build=binary --no-sign --no-pre-clean)
}

lint() { lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$1"; }

build() {
    install_tools
    scripts/build.sh
    need_native_programs
    SOURCE_DATE_EPOCH=$(source_date)
    export SOURCE_DATE_EPOCH
    local work=$output/work
    rm -rf "$work"
    mkdir -p "$work"
    quietly "$artifacts/log/deb.log" "build the package sleigh $version" pack "$work" "$version"
    package=$output/$(basename "$work"/sleigh_*.deb)
    mv "$work"/sleigh_*.deb "$package"
    rm -rf "$work"
    quietly "$artifacts/log/lintian.log" "look at it with lintian" lint "$package"
    say "$package"
}

dpkg --validate-version "$version" || die "VERSION $version is no version of a Debian package"
case $version in *-*) die "VERSION $version has a '-': the package has no revision of Debian's" ;; esac
[ $# = 0 ] || die "usage: [VERSION=…] deb.sh"
build

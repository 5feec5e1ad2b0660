# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by kernel and initramfs: packages of a Debian release, whichever release runs here, by
# apt's own means. apt gets a configuration, lists and a cache in a directory of ours, so that
# nothing of the system changes and no root is needed; mirrors, proxies and keys are the system's.
# What apt says goes to a file, since it names mirrors.
set -u
umask 022
LC_ALL=C
export LC_ALL
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
CACHE=${PROVA_KERNEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/prova/kernels}
FRESH_MIN=1440 # minutes before anybody is asked again

# Cannot be had: what ctest counts as skipped.
unobtainable() {
    echo "$NAME: $*" >&2
    exit 77
}

broken() {
    echo "$NAME: $*" >&2
    exit 1
}

# Makes the cache, and waits until nobody else writes to it.
debian_lock() {
    mkdir -p "$CACHE" 2>/dev/null && [ -w "$CACHE" ] ||
        unobtainable "cannot write to $CACHE (PROVA_KERNEL_CACHE=DIR names another place)"
    CACHE=$(cd "$CACHE" && pwd)
    exec 9>"$CACHE/lock"
    flock 9
}

is_fresh() { # file
    [ -e "$1" ] && [ -n "$(find "$1" -mmin -$FRESH_MIN)" ]
}

# "main|security URI" of every Debian mirror in apt's sources. apt knows whose they are from its
# lists; where it has none yet, the ending has to tell.
debian_mirrors() {
    {
        apt-get indextargets --format '$(ORIGIN)/$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
            sed -n 's,^Debian/Debian|,main ,p; s,^Debian/Debian-Security|,security ,p'
        apt-get update --print-uris | sed -n "s,^'\(.*\)/dists/.*InRelease'.*,\1,p" |
            sed -n 's,^.*/debian$,main &,p; s,^.*/debian-security$,security &,p'
    } 2>/dev/null | grep -v ' cdrom:' | sed 's,/*$,,' | awk '!seen[$0]++'
    [ -z "${PROVA_DEBIAN_MIRROR:-}" ] || echo "main $PROVA_DEBIAN_MIRROR"
}

# The lines of sources.list for a release.
debian_sources() { # debian12-backport | debian13 | newest
    case $1 in
        debian12-backport) suites='main:bookworm security:bookworm-security' ;;
        debian13) suites='main:trixie security:trixie-security' ;;
        newest) suites='main:sid' ;;
    esac
    [ -r "$KEYRING" ] && keys=" signed-by=$KEYRING" || keys=
    debian_mirrors | while read -r kind uri; do
        for suite in $suites; do
            [ "${suite%%:*}" = "$kind" ] || continue
            echo "deb [target=Packages$keys] $uri ${suite#*:} main"
        done
    done
}

# The private apt; hooks of the system's configuration are for the system's cache.
private_apt() { # apt-get|apt-cache argument...
    tool=$1
    shift
    "$tool" -c "$APT/apt.conf" "$@" 2>>"$APT/log" </dev/null
}

# Opens a release: from here on private_apt knows its packages, as of the last day. Lists that are
# older serve too when no newer ones come.
debian_open() { # release
    RELEASE=$1 STALE=
    APT=$CACHE/apt-$RELEASE
    command -v apt-get >/dev/null 2>&1 || unobtainable "no apt-get here to get Debian packages with"
    mkdir -p "$APT/lists/partial" "$APT/archives/partial"
    : >"$APT/status"
    : >"$APT/log"
    cat >"$APT/apt.conf" <<END
Dir::State "$APT";
Dir::State::lists "$APT/lists";
Dir::State::status "$APT/status";
Dir::Cache "$APT";
Dir::Cache::archives "$APT/archives";
Dir::Etc::sourcelist "$APT/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "$(id -un)";
APT::Architecture "amd64";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
#clear APT::Architectures;
APT::Architectures { "amd64"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
END
    is_fresh "$APT/updated" && return
    debian_sources "$RELEASE" >"$APT/sources.new"
    [ -s "$APT/sources.new" ] || unobtainable "apt's sources name no Debian mirror to get" \
        "$RELEASE from (PROVA_DEBIAN_MIRROR=URL names one)"
    mv "$APT/sources.new" "$APT/sources.list"
    # One repository of several may fail: what matters is whether the package is found.
    private_apt apt-get -q -o APT::Update::Error-Mode=any update >>"$APT/log" &&
        touch "$APT/updated" || STALE=', which could not all be fetched'
}

# A field of what a package's candidate says of itself.
package_field() { # package field
    private_apt apt-cache show --no-all-versions "$1" | sed -n "s/^$2: //p" | head -n 1
}

# Downloads the candidate of a package into DIR, checked against the signed lists; $DEB is its file
# and $VERSION its version.
debian_download() { # package dir
    VERSION=$(package_field "$1" Version)
    [ -n "$VERSION" ] ||
        unobtainable "no package $1 for $RELEASE in Debian's lists$STALE (see $APT/log)"
    (cd "$2" && private_apt apt-get -q download "$1=$VERSION" >>"$APT/log")
    DEB=$(find "$2" -name "${1}_*.deb")
    [ -f "$DEB" ] || unobtainable "$1 $VERSION could not be downloaded (see $APT/log)"
}

sha256_of() { # file
    sha256sum <"$1" | cut -c1-64
}

# The newest busybox-static of Debian 13: $BUSYBOX, and $BUSYBOX_VERSION.
debian_busybox() {
    BUSYBOX=$CACHE/busybox/busybox
    if ! is_fresh "$CACHE/busybox/version"; then
        if ! busybox_get 2>"$CACHE/busybox.log"; then
            [ -x "$BUSYBOX" ] || unobtainable "$(sed "s/^$NAME: //" "$CACHE/busybox.log")"
        fi
    fi
    BUSYBOX_VERSION=$(cat "$CACHE/busybox/version")
}

busybox_get() (
    debian_open debian13
    new=$CACHE/busybox.new
    rm -rf "$new"
    mkdir "$new"
    debian_download busybox-static "$new"
    dpkg-deb --fsys-tarfile "$DEB" |
        tar -x -O --wildcards '*bin/busybox' >"$new/busybox" || broken "$DEB cannot be unpacked"
    chmod 755 "$new/busybox"
    "$new/busybox" true || broken "the busybox of $DEB does not run here"
    echo "$VERSION $(sha256_of "$DEB")" >"$new/version"
    rm "$DEB"
    rm -rf "$CACHE/busybox"
    mv "$new" "$CACHE/busybox"
)

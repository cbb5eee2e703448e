# shellcheck shell=bash
# Sourced by the fetch scripts: Debian 13 packages of $ARCH (riscv64) through this machine's apt, from the mirror that
# it is configured with. Lists and archives live in a private apt state; nothing is installed and no root is needed.
SUITE=${SUITE:-trixie}
ARCH=${ARCH:-riscv64}
apt=${DRAGOMAN_TEST_APT:-$HOME/.cache/dragoman-tests/apt-$ARCH}

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Where this machine gets its own Debian release from.
mirror() {
    if [ -n "${DRAGOMAN_MIRROR:-}" ]; then
        echo "$DRAGOMAN_MIRROR"
        return
    fi
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(CREATED_BY) $(CODENAME) $(REPO_URI)' |
        awk -v codename="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
            '$1 == "Packages" && $2 == codename { print $3; exit }'
}

keyring() {
    local file
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [ ! -e "$file" ] || { echo "$file"; return; }
    done
}

# One fetch at a time uses the state.
lock_apt() {
    mkdir -p "$apt"
    exec 9>"$apt/lock"
    flock 9
}

# Fetches the package lists and makes apt-get use the private state.
private_apt() {
    local uri key
    uri=$(mirror)
    [ -n "$uri" ] || fail "no Debian mirror in the apt configuration; set DRAGOMAN_MIRROR to one"
    key=$(keyring)
    mkdir -p "$apt"/{state/lists/partial,cache,archives/partial}
    : >"$apt/state/status"
    echo "deb [arch=$ARCH${key:+ signed-by=$key}] $uri $SUITE main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
APT::Architecture "$ARCH";
#clear APT::Architectures;
APT::Architectures { "$ARCH"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
    export APT_CONFIG=$apt/apt.conf
    apt-get -qq update || fail "the $ARCH package lists cannot be fetched"
}

# unpack_root ROOT: unpacks the fetched archives without running maintainer scripts, for a merged /usr, and drops them.
unpack_root() {
    local root=$1 deb name
    mkdir -p "$root"/usr/{bin,lib,sbin} "$root/tmp"
    for name in bin lib sbin; do
        [ -e "$root/$name" ] || ln -s "usr/$name" "$root/$name"
    done
    if [ "$ARCH" = amd64 ] && [ ! -e "$root/lib64" ]; then
        mkdir -p "$root/usr/lib64"
        ln -s usr/lib64 "$root/lib64"
    fi
    for deb in "$apt"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -xf - --keep-directory-symlink --no-same-owner
    done
    rm -f "$apt"/archives/*.deb
}

# finish_root ROOT NAME:PROGRAM...: what maintainer scripts would have set up, as far as it is needed: programs by
# their usual names, users and groups.
finish_root() {
    local root=$1 link name
    shift
    for link in "$@"; do
        name=$root/usr/bin/${link%%:*}
        [ -e "$name" ] || [ ! -e "$root/usr/bin/${link#*:}" ] || ln -sfn "${link#*:}" "$name"
    done
    [ -e "$root/etc/passwd" ] || cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    [ -e "$root/etc/group" ] || cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
}

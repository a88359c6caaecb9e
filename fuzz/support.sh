# What the scripts of this folder share: where they keep tools, how they run a part, how they end. Sourced, not run.
#
# Everything that is built or fetched is under target/; Debian's packages are installed by apt-get where that is possible.
# What is installed is said, and so is what could not be run: the line of a part begins with passed, FAILED or NOT RUN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
source fuzz/levels.sh
script=$(basename "$0")
tools=${CROSSLANE_TOOLS:-$root/target/tools}
logs=$root/target/logs/$script
mkdir -p "$tools/bin" "$logs"
export PATH=$tools/bin:$PATH CARGO_TERM_COLOR=never
# No tool fetches a toolchain by itself.
export RUSTUP_DIST_SERVER=${RUSTUP_DIST_SERVER:-http://127.0.0.1:9}
unset CROSSLANE_LEVEL RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

lines=()
failed=0

# result WORD NAME DETAIL: the line of a part, printed now and again at the end.
result() {
    lines+=("$(printf '%-8s %-44s %s' "$1" "$2" "$3")")
    printf '%s\n' "${lines[-1]}"
    if [ "$1" = FAILED ]; then failed=1; fi
}

# part NAME COMMAND...: runs a part; its output is in a log, of which the end is shown if it fails.
# A part may leave a line about what it did in the file "$detail".
part() {
    local name=$1 start=$SECONDS log
    shift
    log=$logs/${name//[^A-Za-z0-9.]/-}.log
    detail=$logs/detail
    : >"$detail"
    printf '... %s\n' "$name"
    # A shell of its own, so that a command that fails ends the part although its end is looked at.
    set +e
    ( set -e; "$@" ) >"$log" 2>&1
    local status=$?
    set -e
    if [ "$status" = 0 ]; then
        result passed "$name" "$((SECONDS - start)) s  $(head -n 1 "$detail")"
    else
        result FAILED "$name" "$((SECONDS - start)) s  $log"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
}

# left_out NAME WHY
left_out() { result "NOT RUN" "$1" "$2"; }

# finish: all lines again, and the status.
finish() {
    printf '\n== %s, %d s\n' "$script" "$SECONDS"
    printf '%s\n' "${lines[@]}"
    exit "$failed"
}

# packages NAME...: Debian's packages, installed unless they are. Fails where that cannot be done.
packages() {
    local missing=() name
    for name; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "these packages are missing, and only root of a Debian system can install them here: ${missing[*]}"
        return 1
    fi
    echo "installing Debian's ${missing[*]}"
    if [ ! -e "$tools/apt-updated" ]; then
        apt-get update >"$logs/apt.log" 2>&1 && touch "$tools/apt-updated"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$logs/apt.log" 2>&1
}

# cargo_tool NAME VERSION: a program from crates.io, built under target/tools unless this version is there. Not optimised: what these
# programs do is to wait for others.
cargo_tool() {
    local mark=$tools/$1-$2
    if [ -e "$mark" ]; then return; fi
    echo "building $1 $2 from crates.io under $tools"
    cargo install --quiet --locked --debug --root "$tools" --target-dir "$tools/build" "$1@$2" >"$logs/$1.log" 2>&1 || {
        tail -n 20 "$logs/$1.log"
        return 1
    }
    touch "$mark"
}

# debian DIRECTORY SUITE PACKAGE...: the files of Debian's packages (name or name:architecture or name=version) from another suite
# or architecture than this system's, unpacked into a directory and not installed. The system's own lists are left alone.
debian() {
    local directory=$1 suite=$2 apt=$tools/apt/$2 repository=debian name
    shift 2
    if [ -e "$directory/unpacked" ]; then return; fi
    for name in apt-get dpkg-deb; do
        command -v "$name" >/dev/null || { echo "no $name here to fetch $* from Debian's $suite"; return 1; }
    done
    case "$suite" in *-security) repository=debian-security ;; esac
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/files"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=amd64,arm64] ${DEBIAN_MIRROR:-http://deb.debian.org}/$repository $suite main" >"$apt/sources.list"
    local options=(-q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists"
        -o Dir::Cache="$apt" -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root
        -o Acquire::Languages=none -o APT::Get::List-Cleanup=false)
    if [ ! -e "$apt/updated" ]; then
        apt-get "${options[@]}" update && touch "$apt/updated"
    fi >"$apt/log" 2>&1 || { tail -n 3 "$apt/log"; echo "the packages of Debian's $suite cannot be listed"; return 1; }
    rm -f "$apt"/files/*
    (cd "$apt/files" && apt-get "${options[@]}" download "$@") >"$apt/log" 2>&1 || {
        tail -n 3 "$apt/log"
        echo "Debian's $suite no longer has $*"
        return 1
    }
    echo "unpacking $* of Debian's $suite under $directory"
    mkdir -p "$directory"
    for name in "$apt"/files/*.deb; do
        # Of the compiler's sources the library is a tenth.
        dpkg-deb --fsys-tarfile "$name" | tar -x -C "$directory" --anchored --no-wildcards-match-slash --exclude='./usr/src/rustc-*/src' \
            --exclude='./usr/src/rustc-*/compiler' --exclude=./usr/share/doc || return 1
    done
    touch "$directory/unpacked"
}

# build_std_toolchain: a copy of this compiler with the sources of its own standard library, for -Zbuild-std, which builds that
# for a target or with flags for which there is none. Sets "$build_std", whose bin has to be first in PATH:
#     PATH=$build_std/bin:$PATH RUSTC_BOOTSTRAP=1 cargo build -Zbuild-std --target ...
# Fails, with a line about why, if Debian does not have the sources of this very version.
build_std_toolchain() {
    local version sysroot sources
    version=$(rustc --version | sed -n 's/^rustc \([0-9.]*\) .*/\1/p')
    sysroot=$(rustc --print sysroot)
    build_std=$tools/build-std-$version
    if [ -e "$build_std/complete" ]; then return; fi
    sources=$tools/rust-src-$version
    if [ -z "$version" ]; then
        echo "only a released compiler has sources in Debian, and this is $(rustc --version)"
        return 1
    fi
    if [ -d "$sysroot/lib/rustlib/src/rust/library" ]; then
        sources=$sysroot/lib/rustlib/src/rust
    else
        debian "$sources" trixie-backports "rust-src=$version+*" || return 1
        sources=$(echo "$sources"/usr/src/rustc-*)
    fi
    echo "copying the compiler to $build_std"
    rm -rf "$build_std"
    mkdir -p "$build_std/lib/rustlib/src/rust"
    # The compiler finds its libraries by its own place, which a link would give away.
    cp -a "$sysroot/bin" "$build_std/" && cp -a "$sysroot"/lib/*.so* "$build_std/lib/" || return 1
    local part
    for part in "$sysroot"/lib/rustlib/*; do
        case "$part" in */src) ;; *) ln -s "$part" "$build_std/lib/rustlib/" ;; esac
    done
    ln -s "$sources/library" "$build_std/lib/rustlib/src/rust/library"
    touch "$build_std/complete"
}

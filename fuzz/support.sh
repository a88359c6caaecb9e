# What the scripts of this folder share: where they keep tools, how they run a part, how they end. Sourced, not run.
#
# Everything that is built or fetched is under target/; Debian's packages are installed by apt-get where that is possible.
# What is installed is said, and so is what could not be run: the line of a part begins with passed, FAILED or NOT RUN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
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

# cargo_tool NAME VERSION: a program from crates.io, built under target/tools unless this version is there.
cargo_tool() {
    local mark=$tools/$1-$2
    if [ -e "$mark" ]; then return; fi
    echo "building $1 $2 from crates.io under $tools"
    cargo install --quiet --locked --root "$tools" --target-dir "$tools/build" "$1@$2" >"$logs/$1.log" 2>&1 || {
        tail -n 20 "$logs/$1.log"
        return 1
    }
    touch "$mark"
}

# The levels of crosslane that this CPU has, lowest first, as the kernel says and not the code under test. Sourced, not run.
levels_of_cpu() {
    local flags
    echo baseline
    if [ ! -r /proc/cpuinfo ]; then return; fi
    flags=" $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1) "
    case "$flags" in *" avx2 "*) echo avx2 ;; esac
    case "$flags" in *" avx512dq "*) echo avx512 ;; esac
}

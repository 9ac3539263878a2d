# Sourced by the scripts that need Debian packages.

# in_system PROGRAM: whether the system has it. What a version manager put into a home does not count: a sandbox does not see it.
in_system() { [[ -x /usr/local/bin/$1 || -x /usr/bin/$1 || -x /bin/$1 ]]; }

# install_packages NAME...: with apt-get, as root or through sudo. Says on standard error what it does.
install_packages() {
    local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    local output
    if ! command -v apt-get >/dev/null; then
        echo "Please install $* with your system's package manager: there is no apt-get here." >&2
        return 1
    fi
    if [[ $(id -u) != 0 ]]; then
        if ! command -v sudo >/dev/null; then
            echo "Please install $* as root: apt-get install $*" >&2
            return 1
        elif { : >/dev/tty; } 2>/dev/null; then
            apt=(sudo "${apt[@]}")
        else
            # Nobody can be asked for a password.
            apt=(sudo -n "${apt[@]}")
        fi
    fi
    echo "Installing $*..." >&2

    # The package lists of a fresh machine are empty, and those of an old one name files that are gone.
    "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null && return
    if ! output=$("${apt[@]}" update 2>&1 </dev/null && "${apt[@]}" install -y --no-install-recommends "$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" "Installing $* failed. As root: apt-get update && apt-get install $*" >&2
        return 1
    fi
}

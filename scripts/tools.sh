#!/usr/bin/env bash
# Prints the Python to build with, or says in one line each what has to be installed first.
set -euo pipefail

missing=0
need() {
    printf 'cloche: %s\n' "$1" >&2
    missing=1
}

# A candidate may be a shim whose interpreter is gone, so each is asked. Free-threaded builds do not load abi3 modules.
usable='import sys, sysconfig; sys.exit(sys.version_info < (3, 11) or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))'
python=''
for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$usable" >/dev/null 2>&1; then
        python=$("$candidate" -c 'import sys; print(sys.executable)')
        break
    fi
done
[ -n "$python" ] || need 'Python 3.11 or newer is missing: install it (Debian: apt-get install python3 python3-venv), or name one with PYTHON=/path/to/python3'

if ! command -v cargo >/dev/null 2>&1; then
    need 'cargo is missing: install Rust 1.90 or newer from https://rustup.rs'
fi
if ! version=$(rustc --version 2>/dev/null); then
    need 'rustc is missing or has no default toolchain: install Rust 1.90 or newer from https://rustup.rs (then: rustup default stable)'
else
    IFS=. read -r major minor _ <<<"$(cut -d ' ' -f 2 <<<"$version")"
    if [ "$major" -eq 1 ] && [ "$minor" -lt 90 ]; then
        need "rustc 1.90 or newer is needed, this is $major.$minor: run rustup update stable"
    fi
fi
if ! command -v cc >/dev/null 2>&1; then
    need 'a C linker is missing: install one (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)'
fi

[ "$missing" -eq 0 ] || exit 1
printf '%s\n' "$python"

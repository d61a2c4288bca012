#!/usr/bin/env bash
# Makes a Python environment with a current pip in the given folder; leaves a working one as it is.
#   scripts/venv.sh FOLDER
set -euo pipefail

here=$(dirname "$0")
folder=$1
unset CONDA_PREFIX PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=0

works() {
    "$folder/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)' \
        >/dev/null 2>&1
}

# Every way leaves a half-made folder behind when it fails, so each starts from none.
make_with() {
    rm -rf "$folder"
    "$@" >/dev/null 2>&1 && works
}

bare_with_pip_from_outside() {
    "$python" -m venv --without-pip "$folder" && "$python" -m pip --python "$folder/bin/python" install pip
}

if ! works; then
    python=$("$here/tools.sh")
    make_with "$python" -m venv "$folder" ||
        make_with "$python" -m virtualenv "$folder" ||
        make_with virtualenv --python "$python" "$folder" ||
        make_with uv venv --seed --python "$python" "$folder" ||
        make_with bare_with_pip_from_outside ||
        {
            rm -rf "$folder"
            printf 'cloche: %s cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv), virtualenv or uv\n' \
                "$python" >&2
            exit 1
        }
fi

# An older pip does not know dependency groups.
"$folder/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'

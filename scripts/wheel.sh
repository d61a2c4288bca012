#!/usr/bin/env bash
# Builds dist/*.tar.gz and, from its unpacked files, dist/*.whl: the same bytes for the same sources and compiler.
#   scripts/wheel.sh PYTHON
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=$1
unpacked=$root/build/sdist

rm -rf "$root/dist" "$unpacked"
mkdir -p "$unpacked"
cd "$root"
"$python" -m maturin sdist --out dist
tar -xzf dist/cloche-*.tar.gz -C "$unpacked" --strip-components 1

# Zip entries cannot be older than 1980; any fixed moment will do.
export SOURCE_DATE_EPOCH=1735689600
separator=$(printf '\037')
flags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
flags+="$separator--remap-path-prefix=$unpacked=/cloche"
flags+="$separator--remap-path-prefix=$root=/cloche"
flags+="$separator--remap-path-prefix=$(rustc --print sysroot)=/rust"
export CARGO_ENCODED_RUSTFLAGS=$flags
unset RUSTFLAGS
cd "$unpacked"
"$python" -m maturin build --quiet --release --locked --target-dir "$root/target/wheel" --out "$root/dist"

# No path of the building machine may be in the wheel.
"$python" - "$root"/dist/cloche-*.whl "$root" "$HOME" "${CARGO_HOME:-$HOME/.cargo}" <<'PYTHON'
import sys
import zipfile

wheel, *folders = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    found = [
        f"{name} holds {folder}"
        for name in archive.namelist()
        for folder in {f"{f}/" for f in folders if len(f) > 1}
        if folder.encode() in archive.read(name)
    ]
sys.exit("\n".join(found) if found else 0)
PYTHON
ls -l "$root/dist"

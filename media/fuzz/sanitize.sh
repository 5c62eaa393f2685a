#!/bin/sh
# Runs the engine's tests on an engine built with ASan and UBSan: media/fuzz/sanitize.sh [pytest arguments]. Needs gcc with libasan.
# Left out: clips and uploads, whose worker limits its memory below what ASan maps, and the test of memory itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export TMPDIR="$work"
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
gcc -g -O1 -std=gnu11 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -shared -fPIC -pthread \
    -I"$include" "$here/../engine_module.c" "$here"/../engine/*.c -lm -o "$work/_engine.so"

# Python finds this at its start and takes the sanitized engine in place of the installed one.
cat > "$work/sitecustomize.py" <<'END'
import importlib.machinery
import importlib.util
import os
import sys


class Sanitized:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "media._engine":
            return None
        loader = importlib.machinery.ExtensionFileLoader(name, os.path.join(os.path.dirname(__file__), "_engine.so"))
        return importlib.util.spec_from_loader(name, loader)


sys.meta_path.insert(0, Sanitized)
END
cd "$root"
# Python itself leaks on purpose; what the engine keeps is tested by its sessions' memory.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1 PYTHONPATH="$work" \
    PYTHONMALLOC=malloc "$python" -m pytest -q -p no:cacheprovider tests/media --ignore=tests/media/test_clips.py \
    --ignore=tests/media/test_uploads.py --ignore=tests/media/test_prompts.py --deselect=tests/media/test_limits.py::test_two_thousand_sessions_leave_nothing_behind "$@"

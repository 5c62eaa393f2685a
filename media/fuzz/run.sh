#!/bin/sh
# Fuzzes the packet and control parsers under ASan and UBSan: media/fuzz/run.sh SECONDS (for each of the two).
# Needs clang with its libFuzzer runtime (Debian: clang-14 libclang-rt-14-dev); CLANG names another. What is found stays in WORK/found; without WORK
# a folder is made, and removed again where nothing was found.
set -eu
seconds=${1:?usage: media/fuzz/run.sh SECONDS}
here=$(cd "$(dirname "$0")" && pwd)
clang=${CLANG:-$(command -v clang-14 || command -v clang)}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work/found"
# A folder of our own goes again, with what a compiler that was ended left there, unless something was found.
trap '[ -n "${WORK:-}" ] || ! rmdir "$work/found" || rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export TMPDIR="$work"
flags="-g -O1 -std=gnu11 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -pthread"

for target in packets control; do
    # shellcheck disable=SC2086
    "$clang" $flags "$here/fuzz_$target.c" "$here"/../engine/*.c -lm -o "$work/fuzz_$target"
    mkdir -p "$work/corpus_$target"
done
cp "$here"/seeds/* "$work/corpus_control/" 
cd "$work"
./fuzz_packets -artifact_prefix="$work/found/" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=1024 -verbosity=0 corpus_packets
./fuzz_control -artifact_prefix="$work/found/" -max_total_time="$seconds" -max_len=2048 -rss_limit_mb=1024 -verbosity=0 -dict="$here/control.dict" corpus_control
echo "nothing found${WORK:+; corpora are in $work}"

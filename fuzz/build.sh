#!/bin/bash
# Builds the fuzz targets the way OSS-Fuzz and ClusterFuzzLite do: with $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE, in
# $WORK, from $SRC/veridian (or this tree), into $OUT: <target>, <target>_seed_corpus.zip, <target>.dict, <target>.options.
set -eu
source=${SRC:+$SRC/veridian}
[ -n "$source" ] && [ -d "$source" ] || source=$(cd "$(dirname "$0")/.." && pwd)
work=${WORK:-$(mktemp -d)}/veridian
rm -rf "$work"
mkdir -p "$work" "$OUT"

# A copy, because the tree may be configured for something else.
mkdir "$work/source"
tar -C "$source" -c --exclude-vcs --exclude=./build --exclude=./img --exclude=./config.status --exclude='*.[oa]' . |
  tar -C "$work/source" -x
(cd "$work/source" && autoreconf -i)
mkdir "$work/build"
cd "$work/build"
# The programs and the RAM disk, whose bytes are seeds, are made by the host's compiler.
../source/configure -q CC=gcc CFLAGS=-O1 FUZZ_CC="$CC" FUZZ_CFLAGS="$CFLAGS" FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
make -s -j"$(nproc)" FUZZ_LINKER="$CXX ${CXXFLAGS-}" fuzz-programs fuzz-seeds

for program in build/fuzz/fuzz_*; do
  target=${program##*/fuzz_}
  [ "$target" != null ] || continue
  cp "$program" "$OUT/$target"
  seeds=
  for name in "$target" "${target%_load}"; do
    for seed in "$source/fuzz/corpus/$name" "build/fuzz/seeds/$name"; do
      [ ! -d "$seed" ] || seeds="$seeds $seed"
    done
    [ ! -f "$source/fuzz/dict/$name.dict" ] || cp "$source/fuzz/dict/$name.dict" "$OUT/$target.dict"
  done
  [ -z "$seeds" ] || (rm -f "$OUT/${target}_seed_corpus.zip" && zip -q -j -r "$OUT/${target}_seed_corpus.zip" $seeds)
  {
    printf '[libfuzzer]\nmax_len = 16384\ndetect_leaks = 0\n'
    [ ! -f "$OUT/$target.dict" ] || printf 'dict = %s.dict\n' "$target"
  } > "$OUT/$target.options"
done

#!/bin/sh
# Starts Epistle: what `npm start` runs, and what a supervisor may run itself. The server replaces this shell, so that a
# signal to npm, to this process or to their group reaches it.
cd "$(dirname "$0")/.." || exit
export PATH="$PWD/node_modules/.bin:$PATH"
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-node_modules/.cache/node}"
# The heap may take half of the memory that the container allows, and 512 MB at most: of more, V8 keeps more garbage.
# NODE_OPTIONS comes last and overrides this.
heap_mb=$(NODE_OPTIONS='' node -p 'Math.min(512, Math.floor((process.constrainedMemory() || Infinity) / 2 ** 21))')
# Where requests allocate: with 16 MB, V8 copies what they still use so often that lists take a fifth longer.
young_mb=$((heap_mb < 512 ? 16 : 32))
export NODE_OPTIONS="--max-semi-space-size=$young_mb --max-old-space-size=$heap_mb $NODE_OPTIONS"
# glibc keeps freed memory in two arenas, not in one for nearly every thread.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
# glibc returns blocks of this many bytes to the machine as soon as they are freed: files, bodies and what sockets read (64 KiB).
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-60000}"
exec node src/main.ts

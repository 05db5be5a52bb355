#!/bin/sh
# check_layer.sh INCLUDE-DIR COMPILER... : each header of the C++ layer compiles alone.
set -eu
include=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for header in "$include"/dunlin/*.hpp; do
    name=$(basename "$header")
    printf '#include <dunlin/%s>\n' "$name" > "$work/$name.cpp"
done
"$@" -fsyntax-only -I "$include" "$work"/*.cpp

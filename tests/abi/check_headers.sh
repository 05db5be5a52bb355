#!/bin/sh
# check_headers.sh INCLUDE-DIR COMPILER... : every contract header compiles alone, first and last of
# all, without a warning. The compiler comes with its language and standard: "gcc -x c -std=c11".
set -eu
include=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$include"
all=
for header in dunlin/abi/*.h dunlin/abi/draft/*.h; do
    name=$(echo "$header" | tr / _)
    printf '#include <%s>\ntypedef int dunlin_check;\n' "$header" > "$work/alone_$name.c"
    all="$header $all"
done
for header in $all; do printf '#include <%s>\n' "$header"; done > "$work/together.c"
for header in dunlin/abi/*.h; do printf '#include <%s>\n' "$header"; done >> "$work/together.c"
printf 'typedef int dunlin_check;\n' >> "$work/together.c"
"$@" -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$include" "$work"/*.c

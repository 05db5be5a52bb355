#!/bin/sh
# check_exports.sh LIBRARY : a plugin exports its entry and nothing else.
set -eu
symbols=$(nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^__asan\|^__odr_asan\|^__ubsan' || true)
if [ "$symbols" != dunlin_plugin_query_v1 ]; then
    printf '%s exports:\n%s\n' "$1" "$symbols"
    exit 1
fi

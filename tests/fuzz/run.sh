#!/bin/sh
# run.sh PROGRAM CORPUS [SECONDS]: fuzzes in a folder of its own, so that the corpus stays as it is
# committed. What crashes it is kept beside the program.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work" "$2" -max_total_time="${3:-10}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
  -artifact_prefix="$1-" -print_final_stats=1

#!/bin/bash
# transcript_test.sh LESSON TRANSCRIPT: runs a lesson and compares what it prints with its transcript,
# where cuda:0 and cpu are one: a lesson may use the device it finds.
set -euo pipefail

same_device() { sed 's/cuda:0/cpu/g' "$1"; }

"$1" >"$TEST_TMPDIR/output"
diff --unified --label "$2" --label "the lesson" \
  <(same_device "$2") <(same_device "$TEST_TMPDIR/output") || {
  echo "If the lesson is right: bazel run //examples:$(basename "$1") > $2"
  exit 1
}

#!/bin/sh
# Runs the GPU tests, the benchmark, and the tests under compute-sanitizer, on a machine with a driver
# and without Bazel. Arguments go to the benchmark. Where there is no GPU the tests fail. Exits with
# the first failure; after the tests, which must pass, what remains is run all the same.
#
#   tar xf bundle.tar.gz && bundle/run --benchmark_filter='cuda:0$'
set -eu
cd "$(dirname "$0")"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || echo "nvidia-smi is not here"
HOLLOW_EXPECT_GPU=1 bin/gpu_test
status=0
bin/layerscale "$@" || status=$?
sanitize() {
  compute-sanitizer --tool "$1" --report-api-errors no --error-exitcode 1 \
    bin/gpu_test --gtest_filter="$2" || status=$?
}
if command -v compute-sanitizer >/dev/null; then
  # A test provokes an error of the API: memory that ends.
  sanitize memcheck '-*MoreThanTwo*:*LargerThan*:*Streams*'
  # What has shared memory.
  sanitize racecheck '*LayerScale*:*TheStory*-*MoreThanTwo*:*LargerThan*'
else
  echo "compute-sanitizer is not here: skipped"
fi
exit "$status"

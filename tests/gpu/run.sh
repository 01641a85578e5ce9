#!/bin/sh
# Runs the GPU tests, then the benchmark, on a machine with a driver and without Bazel. Arguments go to
# the benchmark. Exits with the first failure.
#
#   tar xf bundle.tar.gz && bundle/run
set -eu
cd "$(dirname "$0")"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || echo "nvidia-smi is not here"
bin/gpu_test
if command -v compute-sanitizer >/dev/null; then
  # A test provokes an error of the API: memory that ends.
  compute-sanitizer --report-api-errors no --error-exitcode 1 bin/gpu_test --gtest_filter='-*MoreThanTwo*:*LargerThan*:*Streams*'
else
  echo "compute-sanitizer is not here: skipped"
fi
bin/layerscale "$@"

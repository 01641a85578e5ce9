// LayerScale beside what the machine can do at best, and beside the loop as most people write it.
// Without arguments it takes one to two minutes; benchmarks/README.md says how to read it.

#include "benchmarks/layerscale_main.h"
#include "benchmarks/peers/plain.h"

int main(int argc, char** argv) {
  using namespace hollow::benchmarks;
  return layerscale_main(argc, argv, {plain_peer});
}

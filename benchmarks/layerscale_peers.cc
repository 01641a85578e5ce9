// The same beside libraries that do it too, which have to be there to build this:
// benchmarks/README.md says how.

#include "benchmarks/layerscale_main.h"
#include "benchmarks/peers/eigen.h"
#include "benchmarks/peers/onednn.h"
#include "benchmarks/peers/plain.h"
#include "benchmarks/peers/torch.h"

int main(int argc, char** argv) {
  using namespace hollow::benchmarks;
  return layerscale_main(argc, argv,
                         {plain_peer, eigen_peer, onednn_peer, torch_peer, torch_expr_peer});
}

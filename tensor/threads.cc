#include "tensor/threads.h"

#include "kernels/cpu/parallel.h"
#include "tensor/error.h"

namespace hollow {

int num_threads() {
  return with_op("num_threads", [] { return kernels::num_threads(); });
}

void set_num_threads(int count) {
  with_op("set_num_threads", [&] { kernels::set_num_threads(count); });
}

}  // namespace hollow

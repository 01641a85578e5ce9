// How many threads the CPU kernels use. Results do not depend on it.
#ifndef HOLLOW_TENSOR_THREADS_H_
#define HOLLOW_TENSOR_THREADS_H_

namespace hollow {

// What set_num_threads said last, else the environment's HOLLOW_NUM_THREADS, else the number of
// cores. Throws Error(kValue) where the variable is not a number from 1 to 1024.
int num_threads();

// Throws Error(kValue) unless 1 <= count <= 1024.
void set_num_threads(int count);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_THREADS_H_

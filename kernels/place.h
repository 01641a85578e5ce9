// Where a kernel runs. The first argument of every kernel is one of these types, so a call names
// its room and overload resolution finds it; there is no place to test at run time below this line.
#ifndef HOLLOW_KERNELS_PLACE_H_
#define HOLLOW_KERNELS_PLACE_H_

namespace hollow::kernels {

// This process's memory and cores. A Cpu kernel has finished when it returns.
struct Cpu {};

// One CUDA device and one of its streams, both by number (0 is the first device, and its first
// stream). A Cuda kernel is enqueued on that stream when it returns, and may still be running.
// Streams are numbered, not owned: they are made at first use and live as long as the process, so
// memory can always be freed on the stream that used it last.
struct Cuda {
  int device = 0;
  int stream = 0;
};

inline constexpr int kMaxStreams = 32;

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_PLACE_H_

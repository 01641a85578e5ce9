// What benchmarks/streams.h chooses from: the same loops in vectors of each size, from sources that
// are compiled for one instruction set each. They include this header, which therefore includes
// nothing that has code.
#ifndef HOLLOW_BENCHMARKS_STREAM_SET_H_
#define HOLLOW_BENCHMARKS_STREAM_SET_H_

#include <cstdint>

namespace hollow::benchmarks {

// Addresses and sizes are multiples of 64. `bytes` is what is written; of each input as many are
// read.
using Stream = void (*)(char* to, const char* from, const char* beside, int64_t bytes);

struct StreamSet {
  Stream copy[4];
  Stream update[3];
  Stream merge[5];
  Stream store[2];
};

// What every machine of the architecture has; and, on x86-64, for machines that can run them.
extern const StreamSet kPortableStreams, kAvx2Streams, kAvx512Streams;

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_STREAM_SET_H_

// How a kernel room says that the machine let it down. Kernels do not check shapes, states or
// dtypes (tensor/ has done that before it calls), so these are all the ways in which one can fail.
// tensor/ catches a Failure, or std::bad_alloc, and rethrows it as hollow::Error with the op's
// name.
#ifndef HOLLOW_KERNELS_FAILURE_H_
#define HOLLOW_KERNELS_FAILURE_H_

#include <stdexcept>
#include <string>

namespace hollow::kernels {

class Failure : public std::runtime_error {
 public:
  enum class Kind {
    kOutOfMemory,    // the place has not that much memory; nothing was allocated
    kNoDevice,       // no such device, or no room for it in this build
    kCuda,           // a CUDA call failed; the text has its name and the driver's words
    kUnsupported,    // the room has no such kernel yet
    kConfiguration,  // an environment variable says something that makes no sense
  };

  Failure(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_FAILURE_H_

// The right to give a storage its first values. Of many threads that materialize one tensor, one
// writes; the others wait until it is done, and find the values there.
#ifndef HOLLOW_TENSOR_CLAIM_H_
#define HOLLOW_TENSOR_CLAIM_H_

#include "absl/strings/string_view.h"
#include "tensor/storage.h"

namespace hollow {

class Claim {
 public:
  // Waits while another thread has the claim. Throws Error(kWriter) where that can never end: this
  // thread has it already, or the thread that has it waits for one of this thread's (a writer that
  // needs the values of its own slot, by whatever way). `storage` outlives the claim.
  Claim(absl::string_view op, const Storage& storage);
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  const Storage& storage_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_CLAIM_H_

// A sum that any thread adds to, the one that did so first for less than the others.
#ifndef HOLLOW_TENSOR_OWNED_SUM_H_
#define HOLLOW_TENSOR_OWNED_SUM_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace hollow {

// What the first thread adds is kept apart, and needs no locked instruction, which takes as long as
// all else that is done for a small tensor or to note a write. Another thread sees it a moment
// later than what the others add.
class OwnedSum {
 public:
  constexpr OwnedSum() = default;
  OwnedSum(const OwnedSum&) = delete;
  OwnedSum& operator=(const OwnedSum&) = delete;

  void add(int64_t more) {
    if (is_mine()) {
      of_owner_.store(of_owner_.load(std::memory_order_relaxed) + more, std::memory_order_release);
    } else {
      of_others_.fetch_add(more, std::memory_order_relaxed);
    }
  }

  // Does nothing and says false where the sum would be more than `most`. Threads that add in this
  // way alone do not get past it together. The sum is not negative, and that and `more` are less
  // than 2^62.
  bool add_up_to(int64_t most, int64_t more) {
    int64_t others = of_others_.load(std::memory_order_relaxed);
    do {
      const int64_t now = of_owner_.load(std::memory_order_relaxed) + others;
      // What one thread took away may be seen before what another had added.
      if (more > most - std::max<int64_t>(now, 0)) return false;
    } while (!of_others_.compare_exchange_weak(others, others + more));
    return true;
  }

  // Of one moment, also where others add meanwhile.
  int64_t total() const {
    int64_t others = of_others_.load(std::memory_order_acquire);
    while (true) {
      const int64_t owner = of_owner_.load(std::memory_order_acquire);
      const int64_t again = of_others_.load(std::memory_order_acquire);
      if (again == others) return owner + others;
      others = again;
    }
  }

 private:
  // Its address tells the threads that live apart. Should the owner end, another may get its
  // address, and its place: later, since whoever hands out the memory of threads orders the two.
  static inline constinit thread_local char this_thread_ = 0;

  bool is_mine() {
    const char* owner = owner_.load(std::memory_order_relaxed);
    if (owner == nullptr && owner_.compare_exchange_strong(owner, &this_thread_)) return true;
    return owner == &this_thread_;
  }

  std::atomic<const char*> owner_{nullptr};
  std::atomic<int64_t> of_owner_{0};
  std::atomic<int64_t> of_others_{0};
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OWNED_SUM_H_

#include "kernels/cpu/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "kernels/failure.h"

namespace hollow::kernels {
namespace {

constexpr int kMaxThreads = 1024;

std::atomic<int> chosen_threads{0};

int default_threads() {
  const char* const text = std::getenv("HOLLOW_NUM_THREADS");
  if (text == nullptr || *text == '\0') {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
  }
  int count = 0;
  if (!absl::SimpleAtoi(text, &count) || count < 1 || count > kMaxThreads) {
    throw Failure(Failure::Kind::kConfiguration,
                  std::string("HOLLOW_NUM_THREADS is \"") + text +
                      "\"; set it to a number from 1 to 1024, or unset it to use every core");
  }
  return count;
}

// How long a thread looks for what it waits for before it sleeps: to wake it takes half as long,
// and in a loop of kernels the next one comes sooner. Not where threads are more than cores, who
// then take them from each other.
class Patience {
 public:
  bool lasts() {
    static const int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
    return num_threads() <= cores && (++looks_ % 64 != 0 || Clock::now() < end_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  const Clock::time_point end_ = Clock::now() + std::chrono::microseconds(100);
  unsigned looks_ = 0;
};

// The workers and the one job they share. The caller begins with part 0 and worker i with part i,
// whose bytes are in its cache from last time; then each takes what nobody has begun. So the caller
// waits for nobody who still sleeps.
class Pool {
 public:
  // Never destroyed: static objects may still compute while the process ends. A forked child has
  // none of its parent's threads, and begins with a pool of its own.
  static Pool& instance() {
    static Pool* const first = [] {
      pthread_atfork(nullptr, nullptr, [] { current() = new Pool; });
      return current() = new Pool;
    }();
    static_cast<void>(first);
    return *current();
  }

  std::unique_lock<std::mutex> try_claim() { return std::unique_lock(claim_, std::try_to_lock); }

  // The caller holds the claim.
  void run(int parts, absl::FunctionRef<void(int)> part) {
    while (static_cast<int>(workers_.size()) < parts - 1) start_worker(parts - 1);
    part_ = &part;
    unfinished_ = parts;
    const Job job(job_.load(std::memory_order_relaxed).round() + 1, parts);
    job_ = job;
    // Who fell asleep before the job was there has counted itself before it looked for one.
    if (asleep_ > 0) {
      { const std::lock_guard lock(mutex_); }
      for (int i = 1; i < parts; ++i) wake_.notify_one();
    }
    do_part(0);
    do_parts(1, job);
    wait_for_others();
  }

 private:
  // In one word: rounds enough for centuries, and the number of parts.
  class Job {
   public:
    Job() = default;
    Job(uint64_t round, int parts) : bits_(round << 16 | static_cast<uint64_t>(parts)) {}
    uint64_t round() const { return bits_ >> 16; }
    int parts() const { return static_cast<int>(bits_ & 0xffff); }
    bool operator==(const Job&) const = default;

   private:
    uint64_t bits_ = 0;
  };
  static_assert(std::atomic<Job>::is_always_lock_free && kMaxThreads <= 0xffff);

  static Pool*& current() {
    static Pool* current = nullptr;
    return current;
  }

  void start_worker(int wanted) {
    const int index = static_cast<int>(workers_.size()) + 1;
    try {
      workers_.emplace_back([this, index, seen = job_.load()] { work(index, seen); });
    } catch (const std::system_error& error) {
      throw Failure(Failure::Kind::kConfiguration,
                    "cannot start " + std::to_string(wanted) + " threads (" +
                        std::to_string(workers_.size()) + " did): " + error.what() +
                        "; set HOLLOW_NUM_THREADS, or set_num_threads(), to fewer");
    }
  }

  [[noreturn]] void work(int index, Job seen) {
    for (bool was_needed = false;; was_needed = do_parts(index, seen)) {
      seen = job_after(seen, was_needed);
    }
  }

  // Whoever got nothing of the last job sleeps at once: there are more threads than jobs need.
  Job job_after(Job seen, bool was_needed) {
    Job job = seen;
    for (Patience patience; was_needed && patience.lasts();) {
      job = job_;
      if (job != seen) return job;
    }
    std::unique_lock lock(mutex_);
    ++asleep_;
    wake_.wait(lock, [&] {
      job = job_;
      return job != seen;
    });
    --asleep_;
    return job;
  }

  // All but part 0, which is the caller's. Whether there was any to do.
  bool do_parts(int first, Job job) {
    const int others = job.parts() - 1;
    bool any = false;
    for (int i = 0; i < others; ++i) {
      const int part = 1 + (first - 1 + i) % others;
      if (!begin(part, job)) continue;
      do_part(part);
      any = true;
    }
    return any;
  }

  // Whether nobody has begun that part of that round. Of an earlier round, which a worker comes to
  // late, all parts were begun before the next one was there.
  bool begin(int part, Job job) {
    uint64_t before = begun_[part].load(std::memory_order_relaxed);
    return before < job.round() && begun_[part].compare_exchange_strong(before, job.round());
  }

  void do_part(int part) {
    (*part_)(part);
    if (--unfinished_ > 0 || !caller_sleeps_) return;
    { const std::lock_guard lock(mutex_); }
    done_.notify_one();
  }

  void wait_for_others() {
    for (Patience patience; patience.lasts();) {
      if (unfinished_ == 0) return;
    }
    std::unique_lock lock(mutex_);
    caller_sleeps_ = true;
    done_.wait(lock, [this] { return unfinished_ == 0; });
    caller_sleeps_ = false;
  }

  std::mutex claim_;  // held for the length of a job; guards `workers_` and `part_`
  std::vector<std::thread> workers_;
  const absl::FunctionRef<void(int)>* part_ = nullptr;  // of whoever began a part to read
  std::atomic<Job> job_{};
  std::array<std::atomic<uint64_t>, kMaxThreads> begun_{};  // in which round each part was, last
  std::atomic<int> unfinished_{0};                          // parts

  std::mutex mutex_;  // of those who sleep
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<int> asleep_{0};
  std::atomic<bool> caller_sleeps_{false};
};

// A thread whose job the pool does, and that may call for another from inside.
struct Caller {
  Caller() { is_inside = true; }
  ~Caller() { is_inside = false; }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  static thread_local bool is_inside;
};
thread_local bool Caller::is_inside = false;

}  // namespace

int num_threads() {
  const int count = chosen_threads.load(std::memory_order_relaxed);
  if (count > 0) return count;
  static const int fallback = default_threads();
  return fallback;
}

void set_num_threads(int count) {
  if (count < 1 || count > kMaxThreads) {
    throw Failure(Failure::Kind::kConfiguration,
                  "the count is " + std::to_string(count) + "; it must be from 1 to 1024");
  }
  chosen_threads.store(count, std::memory_order_relaxed);
}

void internal::parallel_parts(int64_t n, int64_t grain, int64_t unit,
                              absl::FunctionRef<void(int64_t, int64_t)> function) {
  const int64_t parts = std::min<int64_t>(n / grain, num_threads());
  if (parts <= 1) return function(0, n);
  Pool& pool = Pool::instance();
  if (Caller::is_inside) return function(0, n);  // who holds a mutex may not even try to lock it
  const std::unique_lock claim = pool.try_claim();
  if (!claim.owns_lock()) return function(0, n);
  const Caller caller;
  const int64_t units = (n + unit - 1) / unit;
  pool.run(static_cast<int>(parts), [&](int part) {
    const int64_t begin = units * part / parts * unit;
    const int64_t end = std::min(n, units * (part + 1) / parts * unit);
    function(begin, end);
  });
}

}  // namespace hollow::kernels

#include "kernels/cpu/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
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

// The workers and the one job they share. Part 0 is the caller's; worker i does part i.
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
    if (static_cast<int>(workers_.size()) + 1 != parts) resize(parts - 1);
    {
      const std::lock_guard lock(mutex_);
      part_ = &part;
      unfinished_ = parts - 1;
      ++round_;
    }
    wake_.notify_all();
    part(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return unfinished_ == 0; });
  }

 private:
  static Pool*& current() {
    static Pool* current = nullptr;
    return current;
  }

  void resize(int workers) {
    stop();
    stopping_ = false;
    workers_.reserve(workers);
    try {
      for (int i = 1; i <= workers; ++i) {
        workers_.emplace_back([this, i, seen = round_]() mutable { work(i, seen); });
      }
    } catch (const std::system_error& error) {
      const size_t started = workers_.size();
      stop();
      throw Failure(Failure::Kind::kConfiguration,
                    "cannot start " + std::to_string(workers) + " threads (" +
                        std::to_string(started) + " did): " + error.what() +
                        "; set HOLLOW_NUM_THREADS, or set_num_threads(), to fewer");
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  void work(int index, uint64_t seen) {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
      const absl::FunctionRef<void(int)> part = *part_;
      lock.unlock();
      part(index);
      lock.lock();
      if (--unfinished_ == 0) done_.notify_one();
    }
  }

  std::mutex claim_;  // held for the length of a job
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable done_;
  const absl::FunctionRef<void(int)>* part_ = nullptr;
  uint64_t round_ = 0;
  int unfinished_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

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

void parallel_for(int64_t n, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> function) {
  if (n <= 0) return;
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t parts = std::min<int64_t>(grains, n >= 2 * grain ? num_threads() : 1);
  if (parts <= 1) return function(0, n);
  Pool& pool = Pool::instance();
  const std::unique_lock claim = pool.try_claim();
  if (!claim.owns_lock()) return function(0, n);
  pool.run(static_cast<int>(parts), [&](int part) {
    const int64_t begin = grains * part / parts * grain;
    const int64_t end = std::min(n, grains * (part + 1) / parts * grain);
    function(begin, end);
  });
}

}  // namespace hollow::kernels

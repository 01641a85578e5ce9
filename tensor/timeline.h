// What happened to storages, in order: a log for people, for tests, and for chrome://tracing.
//
//   Timeline timeline;                       // from here on, in all threads
//   auto model = build_on_meta();
//   model->to_empty(Device::cpu());
//   model->reset_parameters();
//   std::cout << timeline.to_text();
//
//    1  born         #1 "gamma"  4 x f32 on meta
//    2  allocated    #1 "gamma"  4 x f32 on cpu, 16 bytes   to_empty
//    3  initialized  #1 "gamma"  4 of 4 elements            reset_parameters
//
// Storages are numbered in the order in which they are first seen, and threads too, so the text of
// a program with one thread is the same in every run. Nothing is recorded where no Timeline lives,
// and nothing fails because one does: where memory ends, events are dropped and counted.
#ifndef HOLLOW_TENSOR_TIMELINE_H_
#define HOLLOW_TENSOR_TIMELINE_H_

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hollow {

class Storage;

enum class EventKind {
  kBorn,         // with memory, where it is not on meta
  kAllocated,    // given memory after its birth
  kMoved,        // to another device
  kConverted,    // to another dtype
  kWritten,      // by an op
  kInitialized,  // by its slot's writer
  kLoaded,       // from saved values
  kCopied,       // with all that is known of them, from another module's slot
  kSealed,       // kept from its writer
  kUnsealed,
  kReleased,  // back to meta
  kDied,      // the last handle is gone
};

// "born", "allocated", ...
absl::string_view to_string(EventKind kind);

struct Event {
  EventKind kind = EventKind::kBorn;
  int storage = 0;     // a number from 1 on
  int thread = 0;      // a number from 1 on
  std::string op;      // who did it; empty where that is nobody's call
  std::string detail;  // "4 x f32 on cpu, 16 bytes", "2 of 4 elements"
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // since the timeline began; begin_ns for what has no length
};

class Timeline {
 public:
  // Whether times are measured, or each event is a microsecond after the last, so that a trace is
  // the same in every run.
  enum class Clock { kSteady, kSteps };

  // Begins to record. Throws Error(kValue) while another one records: there is one log at a time.
  explicit Timeline(Clock clock = Clock::kSteady);
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  // Ends the recording; what was recorded stays.
  void stop();

  std::vector<Event> events() const;
  // The qualified name of the slot, for a storage that has one, else "".
  std::string name_of(int storage) const;
  int64_t dropped() const;

  // One line an event.
  std::string to_text() const;
  // Chrome's trace event format: open it in chrome://tracing or ui.perfetto.dev.
  std::string to_chrome_trace() const;

  // --- for storages ---

  // Whether one records now. One relaxed load, for hot paths.
  static bool is_recording() { return recording_.load(std::memory_order_relaxed); }
  // The time of the log that records now, for the begin of an event that has a length.
  static int64_t now_ns() noexcept;
  // Where none records, does not ask for the detail; one that finds no memory is left out.
  template <std::invocable Describe>
  static void record(EventKind kind, const Storage& storage, absl::string_view op,
                     Describe describe, int64_t begin_ns = -1) noexcept {
    if (is_recording()) describe_and_record(kind, storage, op, describe, begin_ns);
  }

 private:
  class Log;

  template <typename Describe>
  [[gnu::noinline]] static void describe_and_record(EventKind kind, const Storage& storage,
                                                    absl::string_view op, Describe& describe,
                                                    int64_t begin_ns) noexcept {
    try {
      record(kind, storage, op, absl::string_view(describe()), begin_ns);
    } catch (const std::bad_alloc&) {
      record(kind, storage, op, absl::string_view(), begin_ns);
    }
  }
  static void record(EventKind kind, const Storage& storage, absl::string_view op,
                     absl::string_view detail, int64_t begin_ns) noexcept;

  static std::atomic<bool> recording_;

  std::shared_ptr<Log> log_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_TIMELINE_H_

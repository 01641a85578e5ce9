#include "tensor/timeline.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"
#include "tensor/json_string.h"
#include "tensor/padded.h"
#include "tensor/storage.h"

namespace hollow {
namespace {

constexpr size_t kKindWidth = 11;  // of the longest

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string microseconds(int64_t ns) {
  return absl::StrCat(ns / 1000, ".", absl::Dec(ns % 1000, absl::kZeroPad3));
}

}  // namespace

absl::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kBorn:
      return "born";
    case EventKind::kAllocated:
      return "allocated";
    case EventKind::kMoved:
      return "moved";
    case EventKind::kConverted:
      return "converted";
    case EventKind::kWritten:
      return "written";
    case EventKind::kInitialized:
      return "initialized";
    case EventKind::kLoaded:
      return "loaded";
    case EventKind::kCopied:
      return "copied";
    case EventKind::kSealed:
      return "sealed";
    case EventKind::kUnsealed:
      return "unsealed";
    case EventKind::kReleased:
      return "released";
    case EventKind::kDied:
      return "died";
  }
  return "unknown";
}

class Timeline::Log {
 public:
  explicit Log(Clock clock) : clock_(clock), begin_ns_(steady_ns()) {}

  // The one that records, or none.
  static std::shared_ptr<Log>& current() {
    static std::shared_ptr<Log> log;
    return log;
  }
  static std::mutex& mutex() {
    static std::mutex mutex;
    return mutex;
  }

  int64_t now_ns() const {
    return clock_ == Clock::kSteady ? steady_ns() - begin_ns_
                                    : static_cast<int64_t>(events_.size()) * 1000;
  }

  void add(EventKind kind, const Storage& storage, absl::string_view op, absl::string_view detail,
           int64_t begin_ns) {
    const int64_t now = now_ns();
    events_.push_back({kind, number_of(storage), thread_number(), std::string(op),
                       std::string(detail), begin_ns < 0 ? now : std::min(begin_ns, now), now});
    if (kind == EventKind::kDied) forget(storage);
  }

  // Its address may be another storage's soon.
  void forget(const Storage& storage) { numbers_.erase(&storage); }

  int number_of(const Storage& storage) {
    const auto known = numbers_.find(&storage);
    if (known != numbers_.end()) return known->second;
    const Origin* const origin = storage.origin();
    names_.emplace_back(origin == nullptr ? "" : origin->name);
    const int number = static_cast<int>(names_.size());
    try {
      numbers_.emplace(&storage, number);
    } catch (const std::bad_alloc&) {
      names_.pop_back();
      throw;
    }
    return number;
  }

  void drop() { ++dropped_; }

  const std::vector<Event>& events() const { return events_; }
  const std::vector<std::string>& names() const { return names_; }
  int64_t dropped() const { return dropped_; }

 private:
  int thread_number() {
    const int next = static_cast<int>(threads_.size()) + 1;
    return threads_.emplace(std::this_thread::get_id(), next).first->second;
  }

  const Clock clock_;
  const int64_t begin_ns_;
  std::vector<Event> events_;
  std::vector<std::string> names_;  // of storage i + 1
  std::map<const Storage*, int> numbers_;
  std::map<std::thread::id, int> threads_;
  int64_t dropped_ = 0;
};

std::atomic<bool> Timeline::recording_{false};

Timeline::Timeline(Clock clock) {
  auto log = std::make_shared<Log>(clock);
  const std::lock_guard lock(Log::mutex());
  if (Log::current() != nullptr) {
    throw Error(ErrorCode::kValue, "Timeline",
                "another timeline records already; stop() it, or end its block, first");
  }
  log_ = Log::current() = std::move(log);
  recording_ = true;
}

Timeline::~Timeline() { stop(); }

void Timeline::stop() {
  const std::lock_guard lock(Log::mutex());
  if (Log::current() != log_) return;
  recording_ = false;
  Log::current() = nullptr;
}

std::vector<Event> Timeline::events() const {
  return with_op("events", [&] {
    const std::lock_guard lock(Log::mutex());
    return log_->events();
  });
}

std::string Timeline::name_of(int storage) const {
  const std::lock_guard lock(Log::mutex());
  const bool known = storage > 0 && static_cast<size_t>(storage) <= log_->names().size();
  return known ? log_->names()[static_cast<size_t>(storage - 1)] : "";
}

int64_t Timeline::dropped() const {
  const std::lock_guard lock(Log::mutex());
  return log_->dropped();
}

std::string Timeline::to_text() const {
  return with_op("to_text", [&] {
    struct Line {
      std::string kind, subject, detail, op;
    };
    const std::vector<Event> all = events();
    const bool many_threads =
        std::any_of(all.begin(), all.end(), [](const Event& event) { return event.thread > 1; });
    std::vector<Line> lines;
    size_t subject_width = 0, detail_width = 0;
    for (const Event& event : all) {
      const std::string name = name_of(event.storage);
      lines.push_back({std::string(to_string(event.kind)),
                       absl::StrCat("#", event.storage, name.empty() ? "" : " ",
                                    name.empty() ? "" : json_string(name)),
                       event.detail, event.op});
      if (many_threads) absl::StrAppend(&lines.back().op, "  thread ", event.thread);
      subject_width = std::max(subject_width, lines.back().subject.size());
      detail_width = std::max(detail_width, lines.back().detail.size());
    }
    std::string text;
    for (size_t i = 0; i < lines.size(); ++i) {
      std::string line =
          absl::StrCat(absl::Dec(i + 1, absl::kSpacePad3), "  ", padded(lines[i].kind, kKindWidth),
                       "  ", padded(lines[i].subject, subject_width), "  ",
                       padded(lines[i].detail, detail_width), "  ", lines[i].op);
      line.erase(line.find_last_not_of(' ') + 1);
      absl::StrAppend(&text, line, "\n");
    }
    if (dropped() > 0)
      absl::StrAppend(&text, dropped(), " events were dropped for want of memory\n");
    return text;
  });
}

std::string Timeline::to_chrome_trace() const {
  return with_op("to_chrome_trace", [&] {
    std::string text = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
    absl::string_view separator = "\n";
    for (const Event& event : events()) {
      const std::string name = name_of(event.storage);
      const std::string title = absl::StrCat(
          to_string(event.kind), " ", name.empty() ? absl::StrCat("#", event.storage) : name);
      absl::StrAppend(&text, separator, "{\"name\": ", json_string(title),
                      ", \"cat\": ", json_string(to_string(event.kind)),
                      ", \"ph\": \"X\", \"pid\": 1, \"tid\": ", event.thread,
                      ", \"ts\": ", microseconds(event.begin_ns),
                      ", \"dur\": ", microseconds(event.end_ns - event.begin_ns),
                      ", \"args\": {\"storage\": ", event.storage,
                      ", \"op\": ", json_string(event.op),
                      ", \"detail\": ", json_string(event.detail), "}}");
      separator = ",\n";
    }
    absl::StrAppend(&text, "\n]}\n");
    return text;
  });
}

int64_t Timeline::now_ns() noexcept {
  const std::lock_guard lock(Log::mutex());
  return Log::current() == nullptr ? 0 : Log::current()->now_ns();
}

void Timeline::record(EventKind kind, const Storage& storage, absl::string_view op,
                      absl::string_view detail, int64_t begin_ns) noexcept {
  const std::lock_guard lock(Log::mutex());
  if (Log::current() == nullptr) return;
  try {
    Log::current()->add(kind, storage, op, detail, begin_ns);
  } catch (const std::bad_alloc&) {
    Log::current()->drop();
    if (kind == EventKind::kDied) Log::current()->forget(storage);
  }
}

}  // namespace hollow

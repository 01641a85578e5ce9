#include "tensor/write_log.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace hollow {
namespace {

// Its address tells the threads that live apart.
constinit thread_local char this_thread = 0;

}  // namespace

struct WriteLog::Node {
  Node(Author who, absl::string_view what, int64_t first)
      : author(who), op(what), of_owner(first) {}

  void count(int64_t more) {
    if (owner == &this_thread) {
      of_owner.store(of_owner.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    } else {
      of_others.fetch_add(more, std::memory_order_relaxed);
    }
  }
  int64_t total() const {
    return of_owner.load(std::memory_order_relaxed) + of_others.load(std::memory_order_relaxed);
  }

  const Author author;
  const std::string op;
  // Who made it, and alone adds to of_owner: without the locked instruction that takes as long as
  // everything else here. Should it end, another may get its address, and its place: later, since
  // whoever hands out the memory of threads orders the two.
  const char* const owner = &this_thread;
  std::atomic<int64_t> of_owner;
  std::atomic<int64_t> of_others{0};
  Node* next = nullptr;
};

WriteLog::~WriteLog() { clear(); }

void WriteLog::clear() {
  for (const Node* node = newest_.exchange(nullptr); node != nullptr;) {
    delete std::exchange(node, node->next);
  }
}

void WriteLog::add(Author author, absl::string_view op, int64_t count) {
  std::unique_ptr<Node> fresh;
  Node* newest = newest_.load(std::memory_order_acquire);
  while (true) {
    for (Node* node = newest; node != nullptr; node = node->next) {
      if (node->author == author && node->op == op) return node->count(count);
    }
    if (fresh == nullptr) fresh = std::make_unique<Node>(author, op, count);
    fresh->next = newest;
    // Where another thread was first, its node is looked at too.
    if (newest_.compare_exchange_weak(newest, fresh.get())) {
      fresh.release();
      return;
    }
  }
}

void WriteLog::assign(const WriteLog& other) {
  clear();
  for (const WriteCount& each : other.counts()) add(each.author, each.op, each.count);
}

std::vector<WriteCount> WriteLog::counts() const {
  std::vector<WriteCount> counts;
  for (const Node* node = newest_.load(std::memory_order_acquire); node != nullptr;
       node = node->next) {
    counts.push_back({node->author, node->op, node->total()});
  }
  std::reverse(counts.begin(), counts.end());
  return counts;
}

}  // namespace hollow

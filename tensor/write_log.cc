#include "tensor/write_log.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace hollow {

WriteLog::~WriteLog() {
  for (const Node* node = newest_.load(); node != nullptr;) {
    delete std::exchange(node, node->next);
  }
}

void WriteLog::add(Author author, absl::string_view op) { add(author, op, 1); }

void WriteLog::add(Author author, absl::string_view op, int64_t count) {
  std::unique_ptr<Node> fresh;
  Node* newest = newest_.load(std::memory_order_acquire);
  while (true) {
    for (Node* node = newest; node != nullptr; node = node->next) {
      if (node->author == author && node->op == op) {
        node->count.fetch_add(count, std::memory_order_relaxed);
        return;
      }
    }
    if (fresh == nullptr) fresh.reset(new Node{author, std::string(op), count, nullptr});
    fresh->next = newest;
    // Where another thread was first, its node is looked at too.
    if (newest_.compare_exchange_weak(newest, fresh.get())) {
      fresh.release();
      return;
    }
  }
}

void WriteLog::add_all(const WriteLog& other) {
  for (const WriteCount& each : other.counts()) add(each.author, each.op, each.count);
}

std::vector<WriteCount> WriteLog::counts() const {
  std::vector<WriteCount> counts;
  for (const Node* node = newest_.load(std::memory_order_acquire); node != nullptr;
       node = node->next) {
    counts.push_back({node->author, node->op, node->count.load(std::memory_order_relaxed)});
  }
  std::reverse(counts.begin(), counts.end());
  return counts;
}

}  // namespace hollow

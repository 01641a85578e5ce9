#include "tensor/write_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tensor/owned_sum.h"

namespace hollow {
struct WriteLog::Node {
  Node(Author who, OpName what) : author(who), op(what) {}

  const Author author;
  const OpName op;
  OwnedSum count;
  Node* next = nullptr;
};

WriteLog::~WriteLog() { clear(); }

void WriteLog::clear() {
  for (const Node* node = newest_.exchange(nullptr); node != nullptr;) {
    delete std::exchange(node, node->next);
  }
}

void WriteLog::add(Author author, OpName op, int64_t count) {
  // Compares no text: a function that may call another saves registers first, which takes longer
  // than all that is done here.
  for (Node* node = newest_.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (node->author == author && node->op.is_same_literal(op)) return node->count.add(count);
  }
  add_slowly(author, op, count);
}

void WriteLog::add_slowly(Author author, OpName op, int64_t count) {
  std::unique_ptr<Node> fresh;
  Node* newest = newest_.load(std::memory_order_acquire);
  while (true) {
    for (Node* node = newest; node != nullptr; node = node->next) {
      if (node->author == author && node->op == op) return node->count.add(count);
    }
    if (fresh == nullptr) {
      fresh = std::make_unique<Node>(author, op);
      fresh->count.add(count);
    }
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
  // Oldest first, as they were added.
  std::vector<const Node*> nodes;
  for (const Node* node = other.newest_.load(std::memory_order_acquire); node != nullptr;
       node = node->next) {
    nodes.push_back(node);
  }
  for (; !nodes.empty(); nodes.pop_back()) {
    add(nodes.back()->author, nodes.back()->op, nodes.back()->count.total());
  }
}

std::vector<WriteCount> WriteLog::counts() const {
  std::vector<WriteCount> counts;
  for (const Node* node = newest_.load(std::memory_order_acquire); node != nullptr;
       node = node->next) {
    counts.push_back({node->author, std::string(node->op.text()), node->count.total()});
  }
  std::reverse(counts.begin(), counts.end());
  return counts;
}

}  // namespace hollow

// Who wrote to a storage that a module declared, and how often. The audit reads it.
#ifndef HOLLOW_TENSOR_WRITE_LOG_H_
#define HOLLOW_TENSOR_WRITE_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/op_name.h"

namespace hollow {

enum class Author {
  kWriter,  // the slot's own
  kLoad,    // of saved values
  kOp,      // anything else, by the op's name
};

struct WriteCount {
  Author author = Author::kOp;
  std::string op;  // "fill_", "copy_", "load_state_dict"; "writer" for the slot's own
  int64_t count = 0;
};

// Any thread may add and look at any time.
class WriteLog {
 public:
  WriteLog() = default;
  ~WriteLog();
  WriteLog(const WriteLog&) = delete;
  WriteLog& operator=(const WriteLog&) = delete;

  // Takes no lock, and allocates for the first write of its kind only. The thread that made that
  // one counts on for less than others, who pay for an atomic addition.
  void add(Author author, OpName op, int64_t count = 1);
  // Forgets what it knew. No other thread adds meanwhile.
  void assign(const WriteLog& other);

  // In the order of each one's first write.
  std::vector<WriteCount> counts() const;

 private:
  struct Node;

  void add_slowly(Author author, OpName op, int64_t count);
  void clear();

  std::atomic<Node*> newest_{nullptr};  // a list that only grows
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_WRITE_LOG_H_

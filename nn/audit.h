// Who wrote what: for every storage of a module which elements were written, by whom, how often,
// and which never.
//
//   std::cout << to_string(audit(*model));
//
//   3 of 4 entries are not as their writers or a load left them:
//     blocks.0.ls1.gamma  never written     [6] f32 on cpu (allocated)
//     blocks.0.fc.weight  partly written    [6, 6] f32 on cpu (partial): 12 of 36 elements never,
//     ... token               overwritten       [1, 6] f32 on cpu (initialized): writer 1, fill_ 1
#ifndef HOLLOW_NN_AUDIT_H_
#define HOLLOW_NN_AUDIT_H_

#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/births.h"
#include "tensor/ranges.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace hollow::nn {

enum class Finding {
  kNone,           // every element is as the slot's writer, or a load, left it
  kNeverWritten,   // on meta, or allocated
  kPartlyWritten,  // some elements never were
  kOverwritten,    // all were, but some by an op and not by the slot's writer or a load
};

// "as written", "never written", "partly written", "overwritten".
std::string to_string(Finding finding);

struct AuditEntry {
  std::vector<std::string> names;  // below the module: the tie's first name first
  std::string declared_by;         // the class and path of the module that did
  Tensor tensor;                   // as it was declared
  bool sealed = false;
  bool has_writer = false;
  std::vector<WriteCount> writes;  // since the storage was born
  Ranges unwritten;                // elements of the storage
  Finding finding = Finding::kNone;

  const std::string& name() const { return names.front(); }
};

struct Audit {
  // In the order of the module.
  std::vector<AuditEntry> entries;
  // Tensors that were born in the meta scope in which the root was built, that are on meta still,
  // and that no module lists: nothing will ever give them memory.
  std::vector<Birth> unlisted;

  // The names of the entries with that finding.
  std::vector<std::string> names(Finding finding) const;
  // Nothing found.
  bool ok() const;
};

// Looks, and changes nothing.
Audit audit(const Module& module);

// A line for each finding; one line where there is none.
std::string to_string(const Audit& audit);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_AUDIT_H_

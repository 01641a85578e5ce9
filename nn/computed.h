// What is computed: buffers outside the state dict, whose values are always their writers'. They
// are written after everything else, in whatever order they read one another, and follow what they
// read. Internal to nn/.
#ifndef HOLLOW_NN_COMPUTED_H_
#define HOLLOW_NN_COMPUTED_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nn/write_slot.h"
#include "tensor/op_name.h"
#include "tensor/placement.h"
#include "tensor/storage.h"

namespace hollow::nn {

// Whether one that reads what has no values yet may stay as it is, without values, as long as
// anything else of its tree has none.
enum class Waits { kNo, kYes };

// Runs the writers of those that lack values: what is declared, in order, and then what is
// computed. All that are to be filled anew are outdated first. An Error ends it.
void write_slots(OpName op, const Storages& storages, Fill fill, Waits waits);

// Runs the writers of those that are computed, are real and lack values; their names, in the order
// in which they ran. They are of that tree.
std::vector<std::string> compute(OpName op, const Storages& storages, Waits waits,
                                 const Storages& tree);

// The same for all of those, also where they have values: nothing of these is left. One may wait.
void compute_anew(OpName op, const Storages& storages, const Storages& tree);

// From now on those that are not sealed have no values, also where this fails: a writer that is
// about to run, and reads another slot, shall not find what that one held before.
void outdate(absl::string_view op, const Storages& storages);

// Those that are computed, and have memory and a writer.
Storages computed(const Storages& storages);

// Of those, the ones that have to follow when others change, or one of the others, which is not
// among them: what has values, and what a failure left without where nothing else is unfinished.
Storages computed_after(const Storages& storages, const Storage* other = nullptr);

// Whether any of those was computed before another changed, or lost its values and may have got
// others. What never had values could not be read.
bool has_older(const Storages& storages);

// Outdates all of those if it has: they may read one another. But not what another thread computes
// meanwhile.
void outdate_older(absl::string_view op, const Storages& storages);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_COMPUTED_H_

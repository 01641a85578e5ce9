// "Did you mean": among many names the one that is nearest. Internal to nn/.
#ifndef HOLLOW_NN_NEAREST_NAME_H_
#define HOLLOW_NN_NEAREST_NAME_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hollow::nn {

class NearestName {
 public:
  explicit NearestName(std::vector<std::string> names);
  NearestName(const NearestName&) = delete;
  NearestName& operator=(const NearestName&) = delete;

  // Where one of the two lacks parts in front and nothing else ("module.fc.bias", "fc.bias"), which
  // is what a wrapper does to every key of a checkpoint, that name. Else one of the first of those
  // with the smallest Levenshtein distance, where numbers are all alike: that with
  // the key's numbers, or the next lower ones. "" where even that distance is more than half of the
  // longer one's length, and so no help. But for its numbers a model has few names, so that all
  // keys of another model are soon answered.
  std::string of(absl::string_view key) const;

 private:
  using Numbers = std::vector<uint64_t>;
  struct Pattern {
    std::string text;  // "blocks.#.ls#.gamma"
    std::map<Numbers, const std::string*> names;
  };

  const std::string* behind_a_prefix(absl::string_view key) const;
  const std::string* by_distance(absl::string_view key) const;
  static const std::string* by_numbers(const Pattern& pattern, const Numbers& wanted);

  const std::vector<std::string> names_;
  std::vector<Pattern> patterns_;  // in the order of their first names
  // A name under each of its tails: "a.b.c", "b.c", "c". Of several, the shortest.
  std::map<absl::string_view, const std::string*> by_tail_;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_NEAREST_NAME_H_

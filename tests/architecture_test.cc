// A line knows its room: who may include whom, and which words belong in one place.
//
// The test reads the whole checkout, found through the real path of a file that it is given. A
// folder with sources that is not in its table of rooms is a failure, so no package can hide.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace hollow {
namespace {

namespace fs = std::filesystem;

// For each room (a folder and all below it; the longest match counts) the folders that it may
// include from.
const std::map<std::string, std::set<std::string>>& rooms() {
  static const std::map<std::string, std::set<std::string>> rooms = {
      {"", {"", "tensor", "nn"}},  // the umbrella header
      {"kernels", {"kernels"}},
      {"kernels/cpu", {"kernels", "kernels/cpu"}},
      {"kernels/cuda", {"kernels", "kernels/cuda"}},
      {"tensor", {"kernels", "kernels/cpu", "tensor"}},
      {"nn", {"tensor", "nn"}},
      {"examples", {"", "tensor", "nn", "examples"}},
      {"benchmarks", {"", "kernels", "kernels/cpu", "tensor", "nn", "benchmarks"}},
      {"tests", {"", "kernels", "kernels/cpu", "tensor", "nn", "tests", "benchmarks"}},
  };
  return rooms;
}

// Words that belong in these files (or folders) alone.
struct Home {
  std::string word;
  std::set<std::string> files;
};

const std::vector<Home>& homes() {
  static const std::vector<Home> homes = {
      {"<<<", {"kernels/cuda"}},
      {"cuda_runtime.h", {"kernels/cuda"}},
      {"case DType::", {"tensor/dtype_visit.h"}},
      {"case Device::Type::", {"tensor/device.cc", "tensor/place.h"}},
      {"std::visit(std::forward", {"tensor/place.h"}},
      {"__CUDACC__", {"kernels/hd.h"}},
      {"__CUDA_ARCH__", {"kernels/hd.h", "kernels/vector.h"}},
      {"#include <dnnl.h>", {"kernels/cpu/matmul.cc"}},
      {"tensor.raw_data()", {"tensor/run.h"}},
      // It ends the process where memory ends: see tensor/padded.h.
      {"absl/strings/str_format.h", {"benchmarks", "tests"}},
  };
  return homes;
}

std::string room_of(const std::string& path) {
  std::string folder = fs::path(path).parent_path().string();
  while (!rooms().contains(folder)) {
    const size_t slash = folder.rfind('/');
    if (slash == std::string::npos) return rooms().contains(folder) ? folder : "no room";
    folder.resize(slash);
  }
  return folder;
}

struct Source {
  std::string path;  // below the root
  std::string text;
};

fs::path checkout() { return fs::canonical("MODULE.bazel").parent_path(); }

std::vector<Source> read_sources() {
  static const std::set<std::string> kinds = {".h", ".cc", ".cu", ".cuh"};
  std::vector<Source> sources;
  const fs::path root = checkout();
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name.starts_with(".") || name.starts_with("bazel-") ||
                               name == "third_party" || it->is_symlink())) {
      it.disable_recursion_pending();
      continue;
    }
    if (!kinds.contains(it->path().extension().string())) continue;
    std::ifstream file(it->path());
    sources.push_back({fs::relative(it->path(), root).string(),
                       {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}});
  }
  return sources;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> all = read_sources();
  return all;
}

bool is_in(const std::string& path, const std::set<std::string>& places) {
  return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
    return path == place || path.starts_with(place + "/");
  });
}

TEST(ArchitectureTest, SeesTheWholeTree) {
  std::set<std::string> seen;
  for (const Source& source : sources()) seen.insert(room_of(source.path));
  for (const auto& [room, allowed] : rooms()) EXPECT_TRUE(seen.contains(room)) << room;
}

TEST(ArchitectureTest, EveryFolderIsInARoom) {
  for (const Source& source : sources()) EXPECT_NE(room_of(source.path), "no room") << source.path;
}

TEST(ArchitectureTest, EveryPackageWithSourcesHasABuildFile) {
  for (const Source& source : sources()) {
    fs::path folder = (checkout() / source.path).parent_path();
    while (folder != checkout() && !fs::exists(folder / "BUILD")) folder = folder.parent_path();
    EXPECT_TRUE(fs::exists(folder / "BUILD")) << source.path;
    EXPECT_TRUE(folder != checkout() || room_of(source.path).empty()) << source.path;
  }
}

TEST(ArchitectureTest, ArrowsPointDown) {
  static const std::regex include("#include \"([^\"]+)\"");
  for (const Source& source : sources()) {
    const auto room = rooms().find(room_of(source.path));
    if (room == rooms().end()) continue;  // EveryFolderIsInARoom has said so
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), include), end; it != end;
         ++it) {
      const std::string header = (*it)[1];
      const bool ours =
          fs::exists(checkout() / header) || header == "version.h" || header == "kernels/places.h";
      if (!ours) continue;
      EXPECT_TRUE(room->second.contains(room_of(header))) << source.path << " includes " << header;
    }
  }
}

TEST(ArchitectureTest, WordsStayAtHome) {
  for (const Source& source : sources()) {
    if (source.path == "tests/architecture_test.cc") continue;
    for (const Home& home : homes()) {
      if (is_in(source.path, home.files)) continue;
      EXPECT_EQ(source.text.find(home.word), std::string::npos)
          << source.path << " says " << home.word;
    }
  }
}

TEST(ArchitectureTest, EveryHomeIsLivedIn) {
  for (const Home& home : homes()) {
    const bool found = std::any_of(sources().begin(), sources().end(), [&](const Source& source) {
      return is_in(source.path, home.files) && source.text.find(home.word) != std::string::npos;
    });
    EXPECT_TRUE(found) << home.word;
  }
}

}  // namespace
}  // namespace hollow

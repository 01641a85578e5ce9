// Case 36 of docs/semantics.md: the audit finds the planted holes and no others.

#include "nn/audit.h"

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using nn::Finding;
using testing::counting;
using testing::expect_error;

using Names = std::vector<std::string>;

TEST(AuditTest, Case36_FindsThePlantedHolesAndNoOthers) {
  std::unique_ptr<ToyModel> model;
  {
    DeviceScope scope(Device::meta());
    model = std::make_unique<ToyModel>();
  }
  nn::load_state_dict(*model, {{"blocks.0.fc.weight", counting({6, 6})}}, {.strict = false});
  for (const char* const name : {"token", "mask", "inv_freq", "blocks.0.ls1.gamma"}) {
    const bool buffer = std::string(name) != "token" && name[0] != 'b';
    nn::materialize(buffer ? model->get_buffer(name) : model->get_parameter(name), Device::cpu());
  }
  model->to_empty(Device::cpu());
  const Tensor& gamma = model->get_parameter("blocks.1.ls1.gamma");
  fill_(gamma.narrow(0, 1, 2), 3);         // half written
  fill_(model->token.narrow(1, 4, 1), 3);  // overwritten in part, after its writer
  const Tensor& bias = model->get_parameter("blocks.1.fc.bias");
  bias.copy_(counting({6}));  // by a copy, and never by its writer
  add_(bias, ones({6}));
  add_(bias, ones({6}));

  const nn::Audit audit = nn::audit(*model);
  EXPECT_EQ(audit.names(Finding::kNeverWritten),
            (Names{"steps", "blocks.0.fc.bias", "blocks.0.ls2.gamma", "blocks.1.fc.weight",
                   "blocks.1.ls2.gamma"}));
  EXPECT_EQ(audit.names(Finding::kPartlyWritten), (Names{"blocks.1.ls1.gamma"}));
  EXPECT_EQ(audit.names(Finding::kOverwritten), (Names{"token", "blocks.1.fc.bias"}));
  EXPECT_EQ(audit.names(Finding::kNone),
            (Names{"mask", "inv_freq", "blocks.0.fc.weight", "blocks.0.ls1.gamma"}));

  std::map<std::string, std::string> writes;
  for (const nn::AuditEntry& entry : audit.entries) {
    for (const WriteCount& each : entry.writes) {
      absl::StrAppend(&writes[entry.name()], each.op, each.count, " ");
    }
  }
  EXPECT_EQ(writes["token"], "writer1 fill_1 ");
  EXPECT_EQ(writes["blocks.0.fc.weight"], "load_state_dict1 ");
  EXPECT_EQ(writes["blocks.1.fc.bias"], "copy_1 add_2 ");
  EXPECT_EQ(writes["inv_freq"], "writer1 ");
  EXPECT_EQ(writes["steps"], "");
  for (const nn::AuditEntry& entry : audit.entries) {
    if (entry.name() != "blocks.1.ls1.gamma") continue;
    EXPECT_EQ(entry.unwritten.ranges(), (std::vector<Range>{{0, 1}, {3, 6}}));
  }
  model->unseal();
  model->reset_parameters();
  EXPECT_TRUE(nn::audit(*model).ok()) << to_string(nn::audit(*model));
}

// A parameter of DINOv2's ViT, and what its init_weights() fills it with; none where it does not.
struct Entry {
  std::string name;
  Shape shape;
  Writer writer;
};

// dinov2_vits14_reg, in the order of its state dict. init_weights() fills the position embedding,
// the class token and the register tokens, and then goes through the modules, of which it knows
// nn.Linear alone.
std::vector<Entry> dinov2_vits14_reg() {
  const Writer none;
  const Writer embedding = nn::init::trunc_normal({.std = 0.02});
  const Writer token = nn::init::normal({.std = 1e-6});
  const Writer zeros = nn::init::zeros();
  const int64_t dim = 384, hidden = 4 * dim;
  std::vector<Entry> entries = {
      {"cls_token", {1, 1, dim}, token},
      {"pos_embed", {1, 1 + 37 * 37, dim}, embedding},
      {"register_tokens", {1, 4, dim}, token},
      {"mask_token", {1, dim}, none},
      {"patch_embed.proj.weight", {dim, 3, 14, 14}, none},
      {"patch_embed.proj.bias", {dim}, none},
  };
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    entries.push_back({name + ".weight", {out, in}, embedding});
    entries.push_back({name + ".bias", {out}, zeros});
  };
  const auto norm = [&](const std::string& name) {
    entries.push_back({name + ".weight", {dim}, none});
    entries.push_back({name + ".bias", {dim}, none});
  };
  for (int i = 0; i < 12; ++i) {
    const std::string block = absl::StrCat("blocks.", i);
    norm(block + ".norm1");
    linear(block + ".attn.qkv", dim, 3 * dim);
    linear(block + ".attn.proj", dim, dim);
    entries.push_back({block + ".ls1.gamma", {dim}, none});
    norm(block + ".norm2");
    linear(block + ".mlp.fc1", dim, hidden);
    linear(block + ".mlp.fc2", hidden, dim);
    entries.push_back({block + ".ls2.gamma", {dim}, none});
  }
  norm("norm");
  return entries;
}

std::unique_ptr<nn::Module> build(const std::vector<Entry>& entries) {
  auto root = std::make_unique<nn::Module>();
  std::map<std::string, nn::Module*> modules = {{"", root.get()}};
  for (const Entry& entry : entries) {
    std::vector<std::string> parts = absl::StrSplit(entry.name, '.');
    nn::Module* module = root.get();
    std::string path;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      absl::StrAppend(&path, "/", parts[i]);
      nn::Module*& child = modules[path];
      if (child == nullptr) child = &module->add_child<nn::Module>(parts[i]);
      module = child;
    }
    module->add_parameter(parts.back(), entry.shape, entry.writer);
  }
  return root;
}

TEST(AuditTest, Case36_Dinov2LeavesSeventySevenOfItsEntriesUnset) {
  const std::vector<Entry> entries = dinov2_vits14_reg();
  ASSERT_EQ(entries.size(), 176u);
  std::unique_ptr<nn::Module> model;
  {
    DeviceScope scope(Device::meta());
    model = build(entries);
  }
  model->to_empty(Device::cpu());
  Names unset;
  for (const Entry& entry : entries) {
    if (entry.writer == nullptr) {
      unset.push_back(entry.name);
    } else {
      nn::materialize(model->get_parameter(entry.name), Device::cpu());
    }
  }
  ASSERT_EQ(unset.size(), 77u);

  const nn::Audit audit = nn::audit(*model);
  EXPECT_EQ(audit.entries.size(), 176u);
  EXPECT_EQ(audit.names(Finding::kNeverWritten), unset);
  EXPECT_EQ(audit.names(Finding::kNone).size(), 99u);
  expect_error(ErrorCode::kUninitialized,
               {"(77 in all)", "\"blocks.11.ls2.gamma\"", "\"mask_token\"", "\"norm.bias\""},
               [&] { model->check_complete(); });
  // Here it would not have come to this: a reset does not skip what has no writer.
  expect_error(ErrorCode::kWriter, {"\"mask_token\"", "\"blocks.0.ls1.gamma\"", "\"norm.weight\""},
               [&] { model->reset_parameters(); });
}

}  // namespace
}  // namespace hollow

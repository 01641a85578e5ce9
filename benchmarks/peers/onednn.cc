#include "benchmarks/peers/onednn.h"

#include <omp.h>

#include <dnnl.hpp>
#include <unordered_map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hollow::benchmarks {
namespace {

using dnnl::binary;
using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

enum class Added {
  kNothing,
  kResidual,  // of its own
  kOutput,    // what the output held
};

memory::desc layout(const Buffers& b, int64_t rows) {
  const auto type = b.dtype == DType::kF32   ? memory::data_type::f32
                    : b.dtype == DType::kF16 ? memory::data_type::f16
                                             : memory::data_type::bf16;
  return memory::desc({rows, b.dim}, type, memory::format_tag::ab);
}

binary::primitive_desc describe(const Buffers& b, Added added) {
  const memory::desc matrix = layout(b, b.rows);
  const memory::desc row = layout(b, 1);
  dnnl::primitive_attr attributes;
  dnnl::post_ops after;
  if (added == Added::kResidual) after.append_binary(dnnl::algorithm::binary_add, matrix);
  if (added == Added::kOutput) after.append_sum(1.0f);
  attributes.set_post_ops(after);
  const auto mul = dnnl::algorithm::binary_mul;
#if DNNL_VERSION_MAJOR >= 3
  return binary::primitive_desc(engine(), mul, matrix, row, matrix, attributes);
#else
  return binary::primitive_desc(binary::desc(mul, matrix, row, matrix), attributes, engine());
#endif
}

// "ref" is its loop without vectors, for what it has no code for on this processor.
bool is_good_at(DType dtype, Added added) {
  try {
    const Buffers b = {dtype, 257, 384, nullptr, nullptr, nullptr, nullptr};
    const std::string how = describe(b, added).impl_info_str();
    return !absl::StrContains(how, "ref");
  } catch (const dnnl::error&) {
    return false;
  }
}

PeerOp writes(std::string op, Added added, void* Buffers::*to) {
  std::vector<DType> dtypes;
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    if (is_good_at(dtype, added)) dtypes.push_back(dtype);
  }
  return {std::move(op), std::move(dtypes), [=](const Buffers& b) {
            const memory::desc matrix = layout(b, b.rows);
            std::unordered_map<int, memory> operands = {
                {DNNL_ARG_SRC_0, memory(matrix, engine(), b.x)},
                {DNNL_ARG_SRC_1, memory(layout(b, 1), engine(), b.gamma)},
                {DNNL_ARG_DST, memory(matrix, engine(), b.*to)}};
            if (added == Added::kResidual) {
              operands.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                               memory(matrix, engine(), b.residual)});
            }
            return Call{.run = [=, primitive = binary(describe(b, added)),
                                stream = dnnl::stream(engine())]() mutable {
              primitive.execute(stream, operands);
              stream.wait();
            }};
          }};
}

}  // namespace

Peer onednn_peer(int threads) {
  omp_set_num_threads(threads);
  const dnnl::version_t* const version = dnnl::version();
  return {"onednn",
          absl::StrCat("oneDNN ", version->major, ".", version->minor, ".", version->patch),
          {
              writes("forward_out", Added::kNothing, &Buffers::y),
              writes("inplace", Added::kNothing, &Buffers::x),
              writes("add_out", Added::kResidual, &Buffers::y),
              writes("add_inplace", Added::kOutput, &Buffers::residual),
          }};
}

}  // namespace hollow::benchmarks

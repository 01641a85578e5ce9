#include "tensor/error.h"

#include "absl/strings/str_cat.h"

namespace hollow {
namespace {

ErrorCode code_of(kernels::Failure::Kind kind) {
  switch (kind) {
    case kernels::Failure::Kind::kOutOfMemory:
      return ErrorCode::kOutOfMemory;
    case kernels::Failure::Kind::kNoDevice:
      return ErrorCode::kDevice;
    case kernels::Failure::Kind::kCuda:
      return ErrorCode::kCuda;
    case kernels::Failure::Kind::kUnsupported:
      return ErrorCode::kUnsupported;
    case kernels::Failure::Kind::kConfiguration:
      return ErrorCode::kValue;
  }
  return ErrorCode::kUnsupported;
}

}  // namespace

absl::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kShape:
      return "shape";
    case ErrorCode::kDType:
      return "dtype";
    case ErrorCode::kDevice:
      return "device";
    case ErrorCode::kMeta:
      return "meta";
    case ErrorCode::kUninitialized:
      return "uninitialized";
    case ErrorCode::kAlias:
      return "alias";
    case ErrorCode::kOutOfMemory:
      return "out_of_memory";
    case ErrorCode::kCuda:
      return "cuda";
    case ErrorCode::kKey:
      return "key";
    case ErrorCode::kWriter:
      return "writer";
    case ErrorCode::kSealed:
      return "sealed";
    case ErrorCode::kChanged:
      return "changed";
    case ErrorCode::kValue:
      return "value";
    case ErrorCode::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

Error::Error(ErrorCode code, absl::string_view op, absl::string_view message)
    : std::runtime_error(absl::StrCat(op, ": ", message)), code_(code), op_(op) {}

void rethrow_as_error(absl::string_view op, absl::string_view subject) {
  const absl::string_view colon = subject.empty() ? "" : ": ";
  try {
    throw;
  } catch (const Error& error) {
    throw Error(error.code(), op, absl::StrCat(subject, colon, error.message()));
  } catch (const kernels::Failure& failure) {
    throw Error(code_of(failure.kind()), op, absl::StrCat(subject, colon, failure.what()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, op,
                absl::StrCat(subject, colon, "the host is out of memory"));
  }
}

}  // namespace hollow

// What the lessons share: they print the code that they run beside what came of it, and end with a
// failure where that is not what they say.
//
//   step("Reading it is an error.");
//   SHOW(t.nbytes());                      // t.nbytes()  =>  4096
//   CLAIM(t.is_meta());                    // t.is_meta()  =>  true
//   REFUSES(kMeta, t.to_vector<float>());  // t.to_vector<float>()  =>  Error(kMeta)
//                                          //     to_vector: tensor [1024] f32 on meta has no ...
#ifndef HOLLOW_EXAMPLES_LESSON_H_
#define HOLLOW_EXAMPLES_LESSON_H_

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "tensor/error.h"

namespace hollow::lesson {

[[noreturn]] inline void fail(absl::string_view what) {
  std::cout << std::flush;
  std::cerr << "This lesson is wrong: " << what << "\n";
  std::exit(EXIT_FAILURE);
}

// A numbered paragraph.
inline void step(absl::string_view text) {
  static int number = 0;
  std::cout << "\n" << ++number << ". " << absl::StrReplaceAll(text, {{"\n", "\n   "}}) << "\n";
}

inline void in_pytorch(absl::string_view text) { std::cout << "\nIn PyTorch\n" << text << "\n"; }

inline void exercise(absl::string_view text) { std::cout << "\nExercise: " << text << "\n"; }

template <typename T>
void show(absl::string_view code, const T& value) {
  std::cout << "     " << code << "  =>  " << std::boolalpha << value << "\n";
}

inline void claim(absl::string_view code, bool holds) {
  show(code, holds);
  if (!holds) fail(code);
}

// Prints the error, a line a clause, and gives it back.
inline std::string refuses(absl::string_view code, ErrorCode expected,
                           absl::string_view expected_name, absl::FunctionRef<void()> call) {
  try {
    call();
  } catch (const Error& error) {
    if (error.code() != expected) fail(error.what());
    std::cout << "     " << code << "  =>  Error(" << expected_name << ")\n         "
              << absl::StrReplaceAll(error.what(), {{"; ", ";\n         "}, {". ", ".\n         "}})
              << "\n";
    return error.what();
  }
  fail(code);
}

#define SHOW(...) ::hollow::lesson::show(#__VA_ARGS__, __VA_ARGS__)
#define CLAIM(...) ::hollow::lesson::claim(#__VA_ARGS__, __VA_ARGS__)
#define REFUSES(error_code, ...)                                                        \
  ::hollow::lesson::refuses(#__VA_ARGS__, ::hollow::ErrorCode::error_code, #error_code, \
                            [&] { static_cast<void>(__VA_ARGS__); })

}  // namespace hollow::lesson

#endif  // HOLLOW_EXAMPLES_LESSON_H_

// Functions of one class of modules, which say in their signature which: [](Linear& linear) {...}.
// Internal to nn/; Module::apply takes them.
#ifndef HOLLOW_NN_OF_ONE_CLASS_H_
#define HOLLOW_NN_OF_ONE_CLASS_H_

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace hollow::nn {
namespace internal {

template <typename Result, typename M>
std::type_identity<M> class_of(const std::function<Result(M&)>&);

}  // namespace internal

// std::function knows the signature of lambdas and plain functions.
template <typename Function>
using ClassOf =
    typename decltype(internal::class_of(std::function(std::declval<Function>())))::type;

// One that takes every Base is none.
template <typename Function, typename Base>
concept OfOneClass = !std::invocable<Function&, Base&> && requires {
  typename ClassOf<Function>;
};

// Calls the function if the object is of its class.
template <typename Function, typename Base>
void call_on(Function& function, Base& base) {
  if (auto* const it = dynamic_cast<ClassOf<Function&>*>(&base)) function(*it);
}

}  // namespace hollow::nn

#endif  // HOLLOW_NN_OF_ONE_CLASS_H_

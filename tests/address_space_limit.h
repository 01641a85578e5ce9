// Makes allocations fail that would not fail by themselves.
#ifndef HOLLOW_TESTS_ADDRESS_SPACE_LIMIT_H_
#define HOLLOW_TESTS_ADDRESS_SPACE_LIMIT_H_

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace hollow::testing {

// While it lives, this process gets so many bytes more, and no further. A sanitizer does not live
// under such a limit: ask kAddressSpaceCanBeLimited.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(rlim_t more) {
    getrlimit(RLIMIT_AS, &previous_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit = {pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more,
                          previous_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &previous_); }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;
  AddressSpaceLimit& operator=(const AddressSpaceLimit&) = delete;

 private:
  rlimit previous_;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kAddressSpaceCanBeLimited = false;
#else
inline constexpr bool kAddressSpaceCanBeLimited = true;
#endif

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_ADDRESS_SPACE_LIMIT_H_

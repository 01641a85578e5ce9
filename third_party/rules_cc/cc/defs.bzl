"""The C++ rules that Bazel itself carries, under the names of rules_cc."""

load(
    ":native.bzl",
    "native_cc_common",
    "native_cc_info",
    "native_cc_toolchain_config_info",
)

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite

cc_common = native_cc_common
CcInfo = native_cc_info
CcToolchainConfigInfo = native_cc_toolchain_config_info

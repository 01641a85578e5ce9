"""Names that .bzl files cannot both read from Bazel and give back under the same name."""

native_cc_common = cc_common
native_cc_info = CcInfo
native_cc_toolchain_config_info = CcToolchainConfigInfo

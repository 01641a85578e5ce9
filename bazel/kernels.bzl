"""kernel_family: one family of kernels, its contract apart from the rooms that keep it."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def kernel_family(name, hdr_deps = []):
    """Declares `name`, what tensor/ depends on, and `name`_contract, what the rooms depend on.

    Args:
      name: of the family; its header is name.h, and each room has a target of that name.
      hdr_deps: what the header includes, beside the place.
    """
    cc_library(
        name = name + "_contract",
        hdrs = [name + ".h"],
        visibility = ["//kernels:__subpackages__"],
        deps = [":place"] + hdr_deps,
    )
    cc_library(
        name = name,
        deps = [
            ":" + name + "_contract",
            "//kernels/cpu:" + name,
        ] + select({
            "//bazel:with_cuda": ["//kernels/cuda:" + name],
            "//conditions:default": [],
        }),
    )

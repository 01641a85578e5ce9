"""Sources that are compiled once for each instruction set (kernels/cpu/isa.h)."""

load("@rules_cc//cc:defs.bzl", "cc_library")

_COPTS = {
    "avx2": [
        "-mavx2",
        "-mfma",
        "-mf16c",
    ],
    "avx512": [
        "-mavx512f",
        "-mavx512bw",
        "-mavx512dq",
        "-mavx512vl",
        "-mfma",
        "-mf16c",
        "-mprefer-vector-width=512",
        # g++ 12 finds these in its own intrinsics.
        "-Wno-uninitialized",
        "-Wno-maybe-uninitialized",
    ],
}

def isa_libraries(name, hdrs, deps, copts, isa_hdrs = []):
    """Declares NAME_avx2 and NAME_avx512, each of NAME_ISA.cc.

    Args:
      name: the family's.
      hdrs: what the sources share.
      deps: of each.
      copts: of each, beside the instruction set's.
      isa_hdrs: what is another header for each; "lanes_{}.h" is lanes_avx2.h for avx2.
    """
    for isa, flags in _COPTS.items():
        cc_library(
            name = name + "_" + isa,
            srcs = [name + "_" + isa + ".cc"] +
                   [header.format(isa) for header in isa_hdrs] + hdrs,
            copts = copts + flags,
            visibility = ["//visibility:private"],
            deps = deps,
        )

def for_each_isa(name):
    """What links them, on machines that can run them."""
    return select({
        "//bazel:x86_64": [":" + name + "_" + isa for isa in _COPTS],
        "//conditions:default": [],
    })

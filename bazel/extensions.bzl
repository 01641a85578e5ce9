"""For MODULE.bazel: the repositories that no registry has."""

load(":cuda_toolkit.bzl", "cuda_toolkit")

cuda = module_extension(implementation = lambda _: cuda_toolkit(name = "cuda_toolkit"))

"""For MODULE.bazel: the repositories that no registry has."""

load(":cuda_toolkit.bzl", "cuda_toolkit")
load(":peers.bzl", "eigen", "libtorch")

cuda = module_extension(implementation = lambda _: cuda_toolkit(name = "cuda_toolkit"))

def _peers_impl(_):
    eigen(name = "eigen")
    libtorch(name = "libtorch")

peers = module_extension(implementation = _peers_impl)

"""Finds what LayerScale is measured against: @libtorch and @eigen.

Nothing but //benchmarks:layerscale_peers asks for them, so only those who build that must have them.

HOLLOW_TORCH is the folder of the Python package torch, 2.6 or later, for any device: the headers and
libtorch_cpu.so are in it. Eigen is in HOLLOW_EIGEN, or else where Debian has it.
"""

_CC_LIBRARY = """load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "{name}",
    hdrs = glob({headers}, allow_empty = True),
    defines = {defines},
    includes = ["include"],
    linkopts = {linkopts},
)
"""

_NO_TORCH = """{}.

//benchmarks:layerscale_peers needs PyTorch, 2.6 or later, a wheel for any device, and HOLLOW_TORCH to
name the folder of the package. Where Python imports torch, that is

    export HOLLOW_TORCH=$(python3 -c 'import torch; print(*torch.__path__)')

and without its dependencies it can be had by

    pip install --no-deps --target=FOLDER torch nvidia-cuda-runtime-cu12 nvidia-cuda-cupti-cu12
    export HOLLOW_TORCH=FOLDER/torch

with the CUDA packages that the wheel was built for: its CPU library is linked to these two. Bazel 7
hides /tmp from the linker, so put it elsewhere. //benchmarks:layerscale measures beside a plain loop,
and needs none of this."""

def _libtorch_impl(ctx):
    choice = ctx.os.environ.get("HOLLOW_TORCH")
    if not choice:
        fail(_NO_TORCH.format("HOLLOW_TORCH is not set"))
    for needed in ["include/ATen/ATen.h", "lib/libc10.so", "lib/libtorch_cpu.so", "version.py"]:
        if not ctx.path(choice + "/" + needed).exists:
            fail(_NO_TORCH.format("HOLLOW_TORCH={} has no {}".format(choice, needed)))
    root = ctx.path(choice)
    version = ctx.read(root.get_child("version.py")).partition("__version__ = '")[2].partition("'")[0]

    # The libraries stay where they are: they look beside themselves for each other, and for CUDA's.
    ctx.symlink(root.get_child("include"), "include")
    lib = str(root.get_child("lib"))
    ctx.file("BUILD", _CC_LIBRARY.format(
        name = "libtorch",
        headers = ["include/{}/**/*.h".format(folder) for folder in ["ATen", "c10", "torch/csrc", "torch/headeronly"]],
        defines = ['HOLLOW_TORCH_VERSION=\\"{}\\"'.format(version)],
        linkopts = ["-L" + lib, "-Wl,-rpath," + lib, "-ltorch_cpu", "-lc10"],
    ))

libtorch = repository_rule(
    implementation = _libtorch_impl,
    configure = True,
    environ = ["HOLLOW_TORCH"],
    local = True,
)

def _eigen_impl(ctx):
    choice = ctx.os.environ.get("HOLLOW_EIGEN", "/usr/include/eigen3")
    if not ctx.path(choice + "/Eigen/Core").exists:
        fail(("no Eigen in {}: install the Debian package libeigen3-dev, or set HOLLOW_EIGEN to the " +
              "folder that holds Eigen/Core").format(choice))
    ctx.symlink(ctx.path(choice + "/Eigen"), "include/Eigen")
    ctx.file("BUILD", _CC_LIBRARY.format(
        name = "eigen",
        headers = ["include/Eigen/**"],
        defines = [],
        linkopts = [],
    ))

eigen = repository_rule(
    implementation = _eigen_impl,
    configure = True,
    environ = ["HOLLOW_EIGEN"],
    local = True,
)

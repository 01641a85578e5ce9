"""Finds the CUDA toolkit of this machine and makes it the repository @cuda_toolkit.

HOLLOW_CUDA names its folder, or is "off". Without it these are tried in turn: CUDA_PATH, CUDA_HOME,
the folder of the nvcc on PATH, /usr/local/cuda, NVIDIA's Python wheels. Finding none is no error:
the build goes on without CUDA. A toolkit that comes or goes is seen when the Bazel server starts next
(`bazel shutdown`), or at once if one of the variables changes.
"""

_VARIABLES = ["HOLLOW_CUDA", "CUDA_PATH", "CUDA_HOME", "PATH"]

_BUILD = """load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "cudart",
    srcs = {archives},
    linkopts = {linkopts},
)
"""

_DEFS = '''"""What was found: None, or the folder and the version of a toolkit."""

CUDA_ROOT = {root}
CUDA_VERSION = {version}
'''

def _version(ctx, root):
    """The version of a toolkit's nvcc, or None if there is no toolkit in the folder."""
    nvcc = root.get_child("bin").get_child("nvcc")
    if not nvcc.exists or _cudart(root) == None:
        return None
    banner = ctx.execute([nvcc, "--version"]).stdout
    return banner.partition(", V")[2].split("\n")[0] or None

def _cudart(root):
    for folder in ["lib64", "lib"]:
        archive = root.get_child(folder).get_child("libcudart_static.a")
        if archive.exists:
            return archive
    return None

def _candidates(ctx):
    found = [ctx.os.environ.get(name) for name in ["CUDA_PATH", "CUDA_HOME"]]
    nvcc = ctx.which("nvcc")
    if nvcc != None:
        found.append(str(nvcc.realpath.dirname.dirname))
    found.append("/usr/local/cuda")
    python = ctx.which("python3")
    if python != None:
        wheels = ctx.execute([python, "-c", "import nvidia.cu13 as m; print(*m.__path__, sep='\\n')"])
        found.extend(wheels.stdout.splitlines())
    return [folder for folder in found if folder]

def _find(ctx):
    choice = ctx.os.environ.get("HOLLOW_CUDA")
    if choice == "off":
        return None, None
    for folder in [choice] if choice else _candidates(ctx):
        root = ctx.path(folder)
        version = _version(ctx, root)
        if version:
            return root, version
    if choice:
        fail("HOLLOW_CUDA={} is no CUDA toolkit: bin/nvcc or libcudart_static.a is missing there".format(choice))
    return None, None

def _cuda_toolkit_impl(ctx):
    root, version = _find(ctx)
    archives, linkopts = [], []
    if root != None:
        ctx.symlink(_cudart(root), "libcudart_static.a")
        archives, linkopts = ["libcudart_static.a"], ["-ldl", "-lpthread", "-lrt"]
    ctx.file("BUILD", _BUILD.format(archives = archives, linkopts = linkopts))
    ctx.file("defs.bzl", _DEFS.format(
        root = repr(str(root)) if root != None else None,
        version = repr(version),
    ))

cuda_toolkit = repository_rule(
    implementation = _cuda_toolkit_impl,
    configure = True,
    environ = _VARIABLES,
    local = True,
)

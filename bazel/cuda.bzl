"""cuda_library: CUDA C++ in a Bazel build, one nvcc action per .cu file.

    cuda_library(
        name = "layer_scale",
        srcs = ["layer_scale.cu"],
        hdrs = ["layer_scale.h"],
        copts = ["-fmad=false"],
        deps = ["//kernels:place"],
    )

The host half of a .cu file is compiled with the flags of the C++ toolchain, so that -c dbg, PIC and
another compiler reach it too. `copts` go to nvcc (for ptxas: -Xptxas=...). Where //bazel:with_cuda
does not hold, the library gives its headers and nothing else.
"""

load("@cuda_toolkit//:defs.bzl", "CUDA_ROOT", "CUDA_VERSION")
load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_common")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain")
load(":flags.bzl", "FlagInfo")

_NVCC_FLAGS = ["-std=c++20", "-Werror", "all-warnings", "-Xcompiler=-fPIC,-Wall,-Wextra"]

def _gencode(arch):
    if not arch.startswith("sm_") and not arch.startswith("compute_"):
        fail("//bazel:cuda_archs: want sm_NN or compute_NN, not '{}'".format(arch))
    virtual = arch.replace("sm_", "compute_")
    return "-gencode=arch={},code={}".format(virtual, arch)

def _host_flags(ctx, toolchain, features):
    cpp = ctx.fragments.cpp
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = cpp.copts + cpp.cxxopts,
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = "c++-compile",
        variables = variables,
    )

    # nvcc has its own -std, and the quotes of -D__DATE__="redacted" do not survive its shell.
    return [flag for flag in flags if not flag.startswith("-std=") and "\"" not in flag]

def _compile(ctx, src, headers, context, arguments, compiler):
    object = ctx.actions.declare_file("_objs/{}/{}.o".format(ctx.label.name, src.basename))
    args = ctx.actions.args()
    args.add_all(["-c", src, "-o", object])
    args.add_all(context.defines, format_each = "-D%s")
    args.add_all(context.includes, format_each = "-I%s")
    args.add_all(context.quote_includes, format_each = "-Xcompiler=-iquote,%s")
    args.add_all(context.system_includes, before_each = "-isystem")
    ctx.actions.run(
        executable = CUDA_ROOT + "/bin/nvcc",
        arguments = [arguments, args],
        inputs = depset([src] + headers, transitive = [context.headers, compiler]),
        mnemonic = "CudaCompile",
        outputs = [object],
        progress_message = "Compiling " + src.short_path,
        use_default_shell_env = True,
    )
    return object

def _cuda_library_impl(ctx):
    toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    deps = [dep[CcInfo] for dep in ctx.attr.deps]
    runfiles = ctx.runfiles(transitive_files = depset(transitive = [
        dep[DefaultInfo].default_runfiles.files
        for dep in ctx.attr.deps
    ]))
    root = ctx.label.workspace_root
    here = cc_common.create_compilation_context(
        defines = depset(ctx.attr.defines),
        headers = depset(ctx.files.hdrs),
        quote_includes = depset([root or ".", "/".join([ctx.bin_dir.path, root]).rstrip("/")]),
    )
    headers = CcInfo(compilation_context = here)
    if not ctx.attr._enabled[FlagInfo].value:
        return [
            DefaultInfo(runfiles = runfiles),
            cc_common.merge_cc_infos(cc_infos = [headers] + deps),
        ]
    if CUDA_ROOT == None:
        fail("//bazel:cuda is on, but no CUDA toolkit was found: set HOLLOW_CUDA to its folder")

    context = cc_common.merge_cc_infos(cc_infos = [headers] + deps).compilation_context
    arguments = ctx.actions.args()
    arguments.add(cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = "c++-compile",
    ), format = "-ccbin=%s")
    arguments.add_all(_NVCC_FLAGS)

    # Read by nobody: an upgrade of the toolkit changes the command, which compiles all again.
    arguments.add("-DHOLLOW_CUDA_VERSION=" + CUDA_VERSION)
    arguments.add_all([_gencode(arch) for arch in ctx.attr._archs[FlagInfo].value])
    arguments.add_all(_host_flags(ctx, toolchain, features), format_each = "-Xcompiler=%s")
    arguments.add_all(ctx.attr.copts)

    sources = [file for file in ctx.files.srcs if file.extension == "cu"]
    private = [file for file in ctx.files.srcs if file.extension != "cu"]
    objects = [
        _compile(ctx, src, private, context, arguments, toolchain.all_files)
        for src in sources
    ]
    outputs = cc_common.create_compilation_outputs(
        objects = depset(objects),
        pic_objects = depset(objects),
    )
    linking, _ = cc_common.create_linking_context_from_compilation_outputs(
        actions = ctx.actions,
        alwayslink = ctx.attr.alwayslink,
        cc_toolchain = toolchain,
        compilation_outputs = outputs,
        disallow_dynamic_library = True,
        feature_configuration = features,
        name = ctx.label.name,
    )
    own = CcInfo(compilation_context = here, linking_context = linking)
    return [
        DefaultInfo(files = depset(objects), runfiles = runfiles),
        cc_common.merge_cc_infos(cc_infos = [own] + deps + [ctx.attr._cudart[CcInfo]]),
    ]

cuda_library = rule(
    implementation = _cuda_library_impl,
    attrs = {
        "alwayslink": attr.bool(),
        "copts": attr.string_list(),
        "defines": attr.string_list(),
        "deps": attr.label_list(providers = [CcInfo]),
        "hdrs": attr.label_list(allow_files = [".h", ".cuh"]),
        "srcs": attr.label_list(allow_files = [".cu", ".cuh", ".h"]),
        "_archs": attr.label(default = "//bazel:cuda_archs"),
        "_cc_toolchain": attr.label(default = "@rules_cc//cc:current_cc_toolchain"),
        "_cudart": attr.label(default = "@cuda_toolkit//:cudart"),
        "_enabled": attr.label(default = "//bazel:cuda"),
    },
    fragments = ["cpp"],
    provides = [CcInfo],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

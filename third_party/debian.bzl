"""Debian's prebuilt libraries as repositories.

Headers are found where the compiler always looks (/usr/include), like those of libc. The rules are
`local`: they look again whenever the Bazel server starts, so that an upgrade of a package is seen.
"""

# The labels in use. A new one is one more line here; MODULE.bazel's Abseil has them all.
_ABSEIL_LABELS = {
    "cleanup": ["cleanup"],
    "container": ["inlined_vector"],
    "flags": [
        "flag",
        "parse",
        "usage",
    ],
    "functional": ["function_ref"],
    "hash": ["hash"],
    "status": [
        "status",
        "statusor",
    ],
    "strings": [
        "str_format",
        "strings",
    ],
    "types": ["span"],
}

_PUBLIC = 'package(default_visibility = ["//visibility:public"])\n\n'

def _library_dir(ctx, file, package):
    for entry in ctx.path("/usr/lib").readdir():
        if entry.basename.endswith("-linux-gnu") and entry.get_child(file).exists:
            return entry
    fail("no {} in /usr/lib/*-linux-gnu: install the Debian package {}".format(file, package))

def _cc_library(name, linkopts, data):
    return _PUBLIC + """load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "{}",
    data = {},
    linkopts = {},
)
""".format(name, data, linkopts)

def _abseil_impl(ctx):
    archives = sorted([
        entry.basename
        for entry in _library_dir(ctx, "libabsl_base.a", "libabsl-dev").readdir()
        if entry.basename.startswith("libabsl_") and entry.basename.endswith(".a")
    ])

    # The archives need each other in an order that changes with the release: a group needs none.
    linkopts = (["-Wl,--start-group"] + ["-l:" + archive for archive in archives] +
                ["-Wl,--end-group", "-l:libatomic.a", "-lpthread"])
    ctx.file("BUILD", _cc_library("abseil", linkopts, []))
    for package, names in _ABSEIL_LABELS.items():
        aliases = ['alias(name = "{}", actual = "//:abseil")\n'.format(name) for name in names]
        ctx.file("absl/{}/BUILD".format(package), _PUBLIC + "".join(aliases))

debian_abseil = repository_rule(
    implementation = _abseil_impl,
    doc = "All of Abseil as one library, under upstream's labels.",
    local = True,
)

def _shared_library_impl(ctx):
    file = "lib{}.so".format(ctx.attr.library)
    ctx.symlink(_library_dir(ctx, file, ctx.attr.package).get_child(file), file)

    # In data, what uses the library is run again when the library changes.
    ctx.file("BUILD", _cc_library(ctx.attr.target, ["-l" + ctx.attr.library], [file]))

debian_shared_library = repository_rule(
    implementation = _shared_library_impl,
    attrs = {
        "library": attr.string(mandatory = True, doc = "the name after -l"),
        "package": attr.string(mandatory = True, doc = "the Debian package that has it"),
        "target": attr.string(mandatory = True),
    },
    doc = "One shared library of the system as a cc_library.",
    local = True,
)

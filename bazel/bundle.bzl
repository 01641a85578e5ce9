"""gpu_bundle: programs packed to run on a machine with a GPU and without Bazel.

    gpu_bundle(
        name = "bundle",
        testonly = True,
        binaries = ["//tests:gpu_tests"],
        runner = "run.sh",
    )

Unpacked, bundle.tar.gz is one folder: `run` (the runner), bin/ (the binaries), lib/ (the shared libraries
that they need) and the binaries' data files under the paths that they have in a test. Link each
binary with `linkopts = BUNDLE_LINKOPTS`.
"""

# An RPATH, which counts for the libraries of the libraries too: RUNPATH does not. libstdc++ is the
# machine's own: the shared libraries in lib/ use it, and a process must have only one.
BUNDLE_LINKOPTS = [
    "-Wl,-rpath,$$ORIGIN/../lib",
    "-Wl,--disable-new-dtags",
]

_PACK = """
set -eu
archive=$1 name=$2 runner=$3 data=$4
shift 4
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
root=$tree/$name
mkdir -p "$root/bin" "$root/lib"
cp "$runner" "$root/run"
cp "$@" "$root/bin"
while IFS== read -r from to; do
    mkdir -p "$(dirname "$root/$to")"
    cp "$from" "$root/$to"
done < "$data"

ldd "$@" > "$tree/ldd"
if grep 'not found' "$tree/ldd" >&2; then exit 1; fi
for library in $(sed -n 's/.* => \\([^ ]*\\) (.*/\\1/p' "$tree/ldd" | sort -u); do
    case ${library##*/} in
        libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.*) ;;
        libstdc++.so.* | libgcc_s.so.*) ;;
        *) cp -L "$library" "$root/lib" ;;
    esac
done
chmod -R u=rwX,go=rX "$root"
chmod 755 "$root/run" "$root"/bin/*
tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - "$name" |
    gzip -n > "$archive"
"""

def _gpu_bundle_impl(ctx):
    archive = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    binaries = [binary[DefaultInfo].files_to_run.executable for binary in ctx.attr.binaries]
    runfiles = depset(transitive = [
        binary[DefaultInfo].default_runfiles.files
        for binary in ctx.attr.binaries
    ]).to_list()

    # What other repositories bring are shared libraries: ldd finds those.
    data = [
        file
        for file in runfiles
        if file not in binaries and not file.short_path.startswith("../")
    ]
    list = ctx.actions.declare_file(ctx.label.name + ".data")
    ctx.actions.write(list, "".join(["%s=%s\n" % (file.path, file.short_path) for file in data]))

    args = ctx.actions.args()
    args.add_all([archive, ctx.label.name, ctx.file.runner, list] + binaries)
    ctx.actions.run_shell(
        arguments = [args],
        command = _PACK,
        inputs = [ctx.file.runner, list] + binaries + runfiles,
        mnemonic = "GpuBundle",
        outputs = [archive],
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([archive]))]

gpu_bundle = rule(
    implementation = _gpu_bundle_impl,
    attrs = {
        "binaries": attr.label_list(cfg = "target", mandatory = True),
        "runner": attr.label(allow_single_file = True, mandatory = True),
    },
)

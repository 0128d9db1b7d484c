using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Slots;

/// <summary>What starts the containers of a sandbox.</summary>
/// <param name="Name">The word of callers: <c>runc</c>, <c>crun</c>, <c>runsc</c>, <c>kata</c>.</param>
/// <param name="Shim">containerd's name of the shim.</param>
/// <param name="Program">The OCI runtime that the shim is to start; null: the shim's own choice.</param>
/// <param name="HasOwnKernel">Its containers have a kernel of their own, into whose mounts the host cannot put a tree.</param>
internal sealed record RuntimeClass(string Name, string Shim, string? Program, bool HasOwnKernel)
{
    /// <summary>All words, in the order in which they are told.</summary>
    public static IReadOnlyList<string> Names { get; } = ["runc", "crun", "runsc", "kata"];

    /// <summary>The options of the shim; null: none.</summary>
    public RuncOptions? ShimOptions => Program is null ? null : new RuncOptions { BinaryName = Program };

    /// <summary>Finds a class by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static RuntimeClass Of(string name, SleighOptions options) => name switch
    {
        "runc" => new RuntimeClass(name, options.Containerd.Runtime, null, HasOwnKernel: false),
        "crun" => new RuntimeClass(name, NewContainer.RuncV2, HostTool.Find(options.Runtimes.Crun) ?? options.Runtimes.Crun, HasOwnKernel: false),
        "runsc" => new RuntimeClass(name, options.Runtimes.Runsc, null, HasOwnKernel: true),
        "kata" => new RuntimeClass(name, options.Runtimes.Kata, null, HasOwnKernel: true),
        _ => throw new ArgumentException($"'{name}' is no runtime class", nameof(name)),
    };

    /// <summary>Why no sandbox of this class can be made here; null: it can.</summary>
    /// <param name="find">Finds a program of the host; null when it is not installed.</param>
    /// <param name="cgroups">Where the controllers are. crun refuses hybrid hosts ("cgroups in hybrid mode not supported", seen with 1.8.1).</param>
    public string? Unavailable(Func<string, string?> find, CgroupMode cgroups)
    {
        string needed = Program ?? ShimProgram(Shim);
        return find(needed) is null ? $"{needed} is not installed"
            : Name == "crun" && cgroups == CgroupMode.Hybrid ? "crun needs all cgroup controllers in version 2; here some are still in version 1"
            : HasOwnKernel ? $"{needed} is installed, but {Name} runs a kernel of its own, and this version mounts trees through the host's"
            : null;
    }

    /// <summary>
    /// The program that containerd looks for in its PATH: of <c>io.containerd.runsc.v1</c> it is <c>containerd-shim-runsc-v1</c>; a path is taken as
    /// it is (containerd's runtime v2 naming).
    /// </summary>
    internal static string ShimProgram(string shim) => shim.StartsWith('/') || shim.Split('.') is not [.., var name, var version]
        ? shim
        : $"containerd-shim-{name}-{version}";
}

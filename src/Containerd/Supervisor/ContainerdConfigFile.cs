using System.Globalization;
using System.Text;

namespace Sleigh.Containerd;

/// <summary>The config.toml of a private containerd.</summary>
internal static class ContainerdConfigFile
{
    /// <summary>
    /// Plugins that Sleigh does not use and that would take time, open ports or write outside the root: a name that a version does
    /// not know is ignored by it (seen with 1.6). The first block is of all versions, the second of 1.6 and 1.7, the third of 2.x.
    /// io.containerd.runtime.v1.linux stays: the tasks service of 1.6 does not load without it.
    /// </summary>
    private static readonly string[] Disabled =
    [
        "io.containerd.grpc.v1.cri",
        "io.containerd.internal.v1.opt",
        "io.containerd.internal.v1.restart",
        "io.containerd.internal.v1.tracing",
        "io.containerd.nri.v1.nri",
        "io.containerd.snapshotter.v1.blockfile",
        "io.containerd.snapshotter.v1.btrfs",
        "io.containerd.snapshotter.v1.devmapper",
        "io.containerd.snapshotter.v1.native",
        "io.containerd.snapshotter.v1.zfs",
        "io.containerd.tracing.processor.v1.otlp",

        "io.containerd.snapshotter.v1.aufs",

        "io.containerd.cri.v1.images",
        "io.containerd.cri.v1.runtime",
        "io.containerd.podsandbox.controller.v1.podsandbox",
        "io.containerd.snapshotter.v1.erofs",
    ];

    /// <summary>The file's text.</summary>
    /// <param name="options">The directories.</param>
    /// <param name="version">The format: 2 is read by 1.6 and 1.7, 3 is the native one of 2.x.</param>
    public static string Write(ContainerdSupervisorOptions options, int version)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Written by sleighd at each start of this containerd; changes are lost.\nversion = {version}\n");
        text.Append(CultureInfo.InvariantCulture, $"root = {Quote(options.Root)}\nstate = {Quote(options.State)}\n");
        text.Append("disabled_plugins = [\n").AppendJoin("", Disabled.Select(d => $"  {Quote(d)},\n")).Append("]\n\n");
        text.Append(CultureInfo.InvariantCulture, $"[grpc]\n  address = {Quote(options.SocketPath)}\n  uid = 0\n  gid = 0\n\n");
        text.Append("[debug]\n  level = \"warn\"\n");
        return text.ToString();
    }

    /// <summary>The format for a version as <c>containerd --version</c> prints it: "containerd REPOSITORY VERSION REVISION".</summary>
    public static int FormatFor(string versionLine)
    {
        string? version = versionLine.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(2).FirstOrDefault()?.TrimStart('v');
        return int.TryParse(version?.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major >= 2 ? 3 : 2;
    }

    /// <summary>A TOML basic string.</summary>
    private static string Quote(string value)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\x7f' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}

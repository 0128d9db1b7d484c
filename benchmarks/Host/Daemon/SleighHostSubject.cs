using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Daemon;

/// <summary>Sleigh, whose sandboxes are also looked up on the host: by what the kernel and the file system show, not by what the daemon says.</summary>
internal sealed class SleighHostSubject : SleighSubject, IHostSubject
{
    // Version 2 alone, and beside version 1.
    private static readonly string[] CgroupRoots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

    private readonly BenchPaths _paths;

    private SleighHostSubject(SleighClient administrator, string token, BenchPaths paths)
        : base(administrator, token, TimeProvider.System, paths.Image) => _paths = paths;

    /// <summary>Asks for a session.</summary>
    public static async Task<SleighHostSubject> OpenAsync(SleighClient administrator, BenchPaths paths, CancellationToken cancellationToken) =>
        new(administrator, await IssueTokenAsync(administrator, cancellationToken), paths);

    public override async Task<Func<bool>?> WatchAsync(string id, CancellationToken cancellationToken)
    {
        string slot = SlotOf(id);
        int[] processes = [.. await ProcessesAsync(id, cancellationToken)];
        string[] folders = [Path.Combine(_paths.StateDir, "slots", slot), .. CgroupsOf(slot), LayerOf(id)];
        return () => !folders.Any(Directory.Exists) && !processes.Any(ProcessTable.IsAlive);
    }

    public Task<IReadOnlyList<int>> ProcessesAsync(string id, CancellationToken cancellationToken)
    {
        string slot = SlotOf(id);
        IReadOnlyList<int> shim = ProcessTable.WithArgument(slot);
        IReadOnlyList<int> inside = ProcessTable.InCgroup(line => line.Contains(slot, StringComparison.Ordinal));
        return Task.FromResult<IReadOnlyList<int>>([.. shim.Union(inside)]);
    }

    // The daemon writes a sandbox's host name into its slot's folder: sbx-0123456789ab for sbx_0123456789ab.
    private string SlotOf(string id)
    {
        string name = id.Replace('_', '-');
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(_paths.StateDir, "slots")))
        {
            if (ProcessTable.Read(Path.Combine(folder, "etc", "hostname"))?.Trim() == name)
            {
                return Path.GetFileName(folder);
            }
        }

        throw new CliException(ExitCode.Failure, $"no slot in {_paths.StateDir}/slots has the host name {name}");
    }

    // The mount shows descriptors instead of names, so the layer is known by the file in it.
    private string LayerOf(string id)
    {
        string live = Path.Combine(_paths.DataDir, "pool", "live");
        return Directory.EnumerateDirectories(live).FirstOrDefault(layer => HasFile(layer, id))
            ?? throw new CliException(ExitCode.Failure, $"no layer in {live} holds the file /root/{id}");
    }

    private static bool HasFile(string layer, string id) =>
        File.Exists(Path.Combine(layer, "root", id)) || Directory.EnumerateDirectories(layer).Any(part => File.Exists(Path.Combine(part, "root", id)));

    private IEnumerable<string> CgroupsOf(string slot) =>
        CgroupRoots
            .SelectMany(root => new[] { $"{root}/{_paths.Subtree}/{slot}", $"{root}/{_paths.Subtree}-{slot}" })
            .Where(Directory.Exists);
}

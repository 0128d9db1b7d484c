using Sleigh.Benchmarks.Host.Networks;
using Sleigh.Benchmarks.Host.Snapshots;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host;

/// <summary>What is to be done.</summary>
internal sealed record HostArguments
{
    /// <summary>How often.</summary>
    public required BenchOptions Bench { get; init; }

    /// <summary>How often at most Docker commits the large tree.</summary>
    public required int DockerLargeRounds { get; init; }

    /// <summary>Idle sandboxes whose memory is looked at.</summary>
    public required int Sandboxes { get; init; }

    /// <summary>Commands between the first and the last look at the daemons' memory.</summary>
    public required int SoakExecs { get; init; }

    /// <summary>Only the growth with sandboxes and trees.</summary>
    public required bool Scale { get; init; }

    /// <summary>Only the way from the kernel's notification to the written limit.</summary>
    public required bool Signals { get; init; }

    /// <summary>Only the API over TCP, against its bounds.</summary>
    public required bool Http { get; init; }

    /// <summary>Only snapshots, rollbacks and forks of large trees, against their bounds.</summary>
    public required bool Snapshots { get; init; }

    /// <summary>How much of them.</summary>
    public required SnapshotSizes SnapshotSizes { get; init; }

    /// <summary>Only what a network costs, rules that cut connections, and neighbours under attack, against their bounds.</summary>
    public required bool Network { get; init; }

    /// <summary>How much of them.</summary>
    public required NetworkSizes NetworkSizes { get; init; }

    /// <summary>Commands whose times are taken over TCP.</summary>
    public required int HttpExecs { get; init; }

    /// <summary>Commands over which the daemon must not grow; 0: none.</summary>
    public required int HttpSoak { get; init; }

    /// <summary>MiB that one command prints; 0: none.</summary>
    public required int HttpOutput { get; init; }

    /// <summary>Sandboxes in the list that is timed.</summary>
    public required int HttpSandboxes { get; init; }

    /// <summary>Notifications of the kernel, on an idle host and on a busy one.</summary>
    public required int Notifications { get; init; }

    /// <summary>Idle sandboxes at most.</summary>
    public required int ScaleSandboxes { get; init; }

    /// <summary>Files of the largest tree.</summary>
    public required int ScaleFiles { get; init; }

    /// <summary>A program reads.</summary>
    public required bool IsJson { get; init; }

    /// <summary>The file to compare with; empty: none.</summary>
    public required string Baseline { get; init; }

    /// <summary>The file to write; empty: none.</summary>
    public required string Save { get; init; }

    /// <summary>0.25: a quarter.</summary>
    public required double Tolerance { get; init; }

    /// <summary>Programs and data.</summary>
    public required BenchPaths Paths { get; init; }
}

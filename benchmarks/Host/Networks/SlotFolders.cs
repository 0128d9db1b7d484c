using System.Diagnostics;
using Sleigh.Benchmarks.Host.Daemon;
using Sleigh.Cli;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>What lies ready and what is still being cleared up, by the daemon's folders: an answered delete is not the end of its work.</summary>
/// <param name="Host">The daemon.</param>
/// <param name="StateDir">Its.</param>
/// <param name="ReadyNamespaces">How many namespaces lie ready when all is done.</param>
internal sealed record SlotFolders(SleighHost Host, string StateDir, int ReadyNamespaces)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until the pool of containers and that of namespaces are full, and nothing is there but them and these sandboxes.</summary>
    /// <param name="alive">Sandboxes that run.</param>
    /// <param name="connected">Whether parked containers have a namespace.</param>
    /// <param name="connectedAlive">How many of those that run have one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CliException">It did not come to rest within a minute.</exception>
    public async Task SettleAsync(int alive, bool connected, int connectedAlive, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            (long parked, long target) = await Host.PoolAsync(cancellationToken);
            int slots = Count("slots", Directory.GetDirectories);
            int namespaces = Count(Path.Combine("network", "results"), Directory.GetFiles);
            long expected = ReadyNamespaces + connectedAlive + (connected ? parked : 0);
            if (parked == target && slots == parked + alive && namespaces == expected)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(begun) > Patience)
            {
                throw new CliException(
                    ExitCode.Failure,
                    $"not at rest after {Patience.TotalSeconds:0} s: {parked} of {target} containers are parked, {slots} slots for {alive} sandboxes, {namespaces} of {expected} network namespaces");
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    private int Count(string folder, Func<string, string[]> list)
    {
        string path = Path.Combine(StateDir, folder);
        return Directory.Exists(path) ? list(path).Length : 0;
    }
}

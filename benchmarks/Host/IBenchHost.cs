namespace Sleigh.Benchmarks.Host;

/// <summary>A daemon that this program starts and, with its containerd, ends.</summary>
internal interface IBenchHost : IAsyncDisposable
{
    /// <summary>Such as <c>sleigh</c>.</summary>
    string Name { get; }

    /// <summary>The daemon's process; 0 when it does not run.</summary>
    int DaemonPid { get; }

    /// <summary>Its containerd's process; 0 when it does not run.</summary>
    int ContainerdPid { get; }

    /// <summary>Starts the daemon, and its containerd where that does not run yet.</summary>
    /// <param name="pool">False: without containers started ahead of demand.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How long it took from the start of the daemon's process to its first 200.</returns>
    Task<TimeSpan> StartAsync(bool pool, CancellationToken cancellationToken);

    /// <summary>Ends the daemon. Its containerd goes on.</summary>
    Task StopAsync();

    /// <summary>A subject that talks to the daemon as it runs now.</summary>
    Task<IHostSubject> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Versions and settings that say what was measured.</summary>
    Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(CancellationToken cancellationToken);
}

namespace Sleigh.Cli.Bench;

/// <summary>
/// A system whose calls are timed: Sleigh, and in <c>benchmarks/Host</c> Docker Engine. A method is exactly what a client has to do to
/// get the result, so that a clock around it means the same for each. Failures are <see cref="CliException"/>.
/// </summary>
internal interface IBenchSubject
{
    /// <summary>Such as <c>sleigh</c>.</summary>
    string Name { get; }

    /// <summary>Waits until the system has done what it does behind answered calls, or for a short while. Never timed.</summary>
    Task SettleAsync(CancellationToken cancellationToken);

    /// <summary>Makes a sandbox and returns when a command can be run in it.</summary>
    /// <param name="memoryMb">Its memory limit; null: the one all have.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<BenchSandbox> CreateAsync(int? memoryMb, CancellationToken cancellationToken);

    /// <summary>Runs a program and returns when its exit code, 0, is known.</summary>
    Task ExecAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken);

    /// <summary>Runs a program and returns when its exit code, 0, is known and every byte of its output has been received.</summary>
    /// <returns>How many bytes.</returns>
    Task<long> ExecForOutputAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken);

    /// <summary>Keeps the files as they are now.</summary>
    Task<BenchSnapshot> SnapshotAsync(string id, CancellationToken cancellationToken);

    /// <summary>Brings a sandbox back to a snapshot.</summary>
    /// <returns>Its id from now on; the old one may have ended.</returns>
    Task<string> RollbackAsync(string id, string snapshot, CancellationToken cancellationToken);

    /// <summary>Makes another sandbox with the files as they are now.</summary>
    Task<string> ForkAsync(string id, CancellationToken cancellationToken);

    /// <summary>Deletes a snapshot that no sandbox was rolled back to.</summary>
    Task DropSnapshotAsync(string id, string snapshot, CancellationToken cancellationToken);

    /// <summary>Deletes a sandbox, whatever runs in it.</summary>
    Task DeleteAsync(string id, CancellationToken cancellationToken);

    /// <summary>Looks up what a sandbox consists of on the host. It has a file /root/ID, named after it.</summary>
    /// <returns>Says whether nothing of it is left; null where that cannot be seen from here.</returns>
    Task<Func<bool>?> WatchAsync(string id, CancellationToken cancellationToken);

    /// <summary>Removes all that was made here and is still there.</summary>
    Task CleanUpAsync();
}

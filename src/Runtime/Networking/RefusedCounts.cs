using System.Diagnostics;
using Sleigh.Network;

namespace Sleigh.Runtime.Networking;

/// <summary>
/// Counts of refused packets, up to a second old: one reading gives those of all sandboxes, so however many ask, no more than one program
/// is run for it at a time.
/// </summary>
internal sealed class RefusedCounts
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly Func<Task<IReadOnlyDictionary<NamespaceName, Refusals>>> _read;
    private readonly Lock _lock = new();
    private Task<IReadOnlyDictionary<NamespaceName, Refusals>>? _last;
    private long _begun;

    public RefusedCounts(Func<Task<IReadOnlyDictionary<NamespaceName, Refusals>>> read) => _read = read;

    /// <summary>By namespace.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public Task<IReadOnlyDictionary<NamespaceName, Refusals>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_last is null || (_last.IsCompleted && (!_last.IsCompletedSuccessfully || Stopwatch.GetElapsedTime(_begun) >= Age)))
            {
                (_last, _begun) = (Task.Run(_read), Stopwatch.GetTimestamp());
            }

            return _last.WaitAsync(cancellationToken);
        }
    }
}

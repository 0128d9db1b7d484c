namespace Sleigh.Runtime.Checks;

/// <summary>
/// Runs checks side by side, each within a limit of time. One that throws or hangs is a warning and spoils no other. One that still hangs
/// is not begun a second time.
/// </summary>
internal sealed class Examination(TimeSpan limit, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<Finding>> _underWay = [];

    /// <summary>The findings, in the order of the checks.</summary>
    public async Task<IReadOnlyList<DoctorCheck>> RunAsync(IReadOnlyList<HostCheck> checks, CancellationToken cancellationToken) =>
        await Task.WhenAll(checks.Select(check => RunAsync(check, cancellationToken)));

    private async Task<DoctorCheck> RunAsync(HostCheck check, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(limit, time);
        Task<Finding> look = Begin(check, late.Token);
        Task done = look.WaitAsync(limit, time, cancellationToken);
        await done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        Finding finding = look.Status switch
        {
            TaskStatus.RanToCompletion => await look,
            TaskStatus.Faulted => Finding.Warn($"could not be examined: {look.Exception!.InnerException!.Message}", null),
            _ => Finding.Warn($"could not be examined: no answer within {limit.TotalSeconds:0.#} s", null),
        };
        return new DoctorCheck(check.Name, finding.Result, finding.Seen, finding.Remedy);
    }

    private Task<Finding> Begin(HostCheck check, CancellationToken late)
    {
        lock (_lock)
        {
            if (!_underWay.TryGetValue(check.Name, out Task<Finding>? look) || look.IsCompleted)
            {
                _underWay[check.Name] = look = check.LookAsync(late);
            }

            return look;
        }
    }
}

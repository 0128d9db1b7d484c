using System.Collections.Concurrent;
using Sleigh.Containerd;

namespace Sleigh.Runtime.Tests.Images;

/// <summary>Pulls that end when the test says so.</summary>
internal sealed class FakePuller
{
    private readonly ConcurrentQueue<Pull> _pulls = new();

    public int Count => _pulls.Count;

    public bool HoldsOnWhenStopped { get; set; }

    public async Task<string> PullAsync(ImageName name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        Pull pull = new(name.ToString(), platform, progress, cancellationToken);
        _pulls.Enqueue(pull);
        using CancellationTokenRegistration stop = cancellationToken.Register(() =>
        {
            if (!HoldsOnWhenStopped)
            {
                pull.End.TrySetCanceled(cancellationToken);
            }
        });
        return await pull.End.Task;
    }

    /// <summary>The n-th pull, once it has begun.</summary>
    public async Task<Pull> BegunAsync(int number)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (_pulls.Count <= number)
        {
            await Task.Delay(1, limit.Token);
        }

        return _pulls.ElementAt(number);
    }

    internal sealed record Pull(string Name, string? Platform, IProgress<PullProgress>? Progress, CancellationToken Token)
    {
        public TaskCompletionSource<string> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Succeed() => End.SetResult(Name);
    }
}

using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>A pull under way and those who wait for it.</summary>
internal sealed class RunningPull(CancellationTokenSource stop, TimeSpan limit) : IProgress<PullProgress>
{
    private readonly Lock _lock = new();
    private readonly List<IProgress<PullProgress>> _listeners = [];
    private PullProgress? _latest;
    private int _waiting;
    private bool _goesOn;
    private bool _abandoned;

    /// <summary>The full name in the end, or why there is none. Ends only when nothing of the pull is left to do.</summary>
    public Task<string> Done { get; private set; } = Task.FromResult("");

    /// <summary>How long it may take, as the configuration said when it began.</summary>
    public TimeSpan Limit { get; } = limit;

    /// <summary>Ends when nobody waits any more, or when the daemon stops.</summary>
    public CancellationToken Stopped => stop.Token;

    /// <summary>Begins; called once, before anybody joins.</summary>
    public void Begin(Func<RunningPull, Task<string>> work) => Done = work(this);

    /// <summary>One more waits for it. False: it is being taken back, since the last one has gone.</summary>
    /// <param name="listener">Told at once how far it is.</param>
    /// <param name="goesOn">The pull goes on even when nobody waits for it any more.</param>
    public bool TryJoin(IProgress<PullProgress>? listener, bool goesOn)
    {
        lock (_lock)
        {
            if (_abandoned)
            {
                return false;
            }

            _waiting++;
            _goesOn |= goesOn;
            if (listener is not null)
            {
                _listeners.Add(listener);
                if (_latest is not null)
                {
                    listener.Report(_latest);
                }
            }

            return true;
        }
    }

    /// <summary>One waits no longer.</summary>
    public void Leave(IProgress<PullProgress>? listener)
    {
        lock (_lock)
        {
            if (listener is not null)
            {
                _listeners.Remove(listener);
            }

            _waiting--;
            _abandoned |= _waiting == 0 && !_goesOn && !Done.IsCompleted;
            if (!_abandoned)
            {
                return;
            }
        }

        stop.Cancel();
    }

    /// <summary>The daemon stops.</summary>
    public void Stop() => stop.Cancel();

    /// <inheritdoc/>
    public void Report(PullProgress value)
    {
        lock (_lock)
        {
            _latest = value;
            _listeners.ForEach(l => l.Report(value));
        }
    }
}

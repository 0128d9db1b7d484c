using Microsoft.Extensions.Logging;

namespace Sleigh.Network;

/// <summary>Namespaces that lie ready: a number of them, made one after the other off the callers' path.</summary>
internal sealed partial class NamespacePool : IDisposable
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(2);

    private readonly Func<CancellationToken, Task<SandboxNamespace>> _make;
    private readonly Func<NamespaceName, CancellationToken, Task> _destroy;
    private readonly int _size;
    private readonly Func<TimeSpan, CancellationToken, Task> _standBack;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Queue<SandboxNamespace> _ready = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private Task _keeping = Task.CompletedTask;

    /// <param name="make">Makes one.</param>
    /// <param name="destroy">Takes one away.</param>
    /// <param name="size">How many are to lie there.</param>
    /// <param name="standBack">Waits while callers wait for something, no longer than it is told.</param>
    /// <param name="logger">Hears what fails.</param>
    public NamespacePool(
        Func<CancellationToken, Task<SandboxNamespace>> make, Func<NamespaceName, CancellationToken, Task> destroy, int size,
        Func<TimeSpan, CancellationToken, Task> standBack, ILogger logger) =>
        (_make, _destroy, _size, _standBack, _logger) = (make, destroy, size, standBack, logger);

    /// <summary>How many lie there.</summary>
    public int Ready
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count;
            }
        }
    }

    public void Start() => _keeping = Task.Run(KeepAsync);

    public async Task<SandboxNamespace> TakeAsync(CancellationToken cancellationToken)
    {
        SandboxNamespace? ready;
        lock (_lock)
        {
            _ready.TryDequeue(out ready);
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }

        return ready ?? await _make(cancellationToken);
    }

    /// <summary>Makes no more, and takes away those that lie there.</summary>
    public async Task StopAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
        }

        await _keeping;
        while (true)
        {
            SandboxNamespace? ready;
            lock (_lock)
            {
                if (!_ready.TryDequeue(out ready))
                {
                    return;
                }
            }

            try
            {
                await _destroy(ready.Name, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotRemoved(_logger, ready.Name.ToString(), e);
            }
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _changed.Dispose();
    }

    private async Task KeepAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan wait = Timeout.InfiniteTimeSpan;
            if (Ready < _size)
            {
                wait = await MakeAsync() ? TimeSpan.Zero : RetryAfterFailure;
            }

            Task changed = _changed.WaitAsync(wait, _stop.Token);
            await changed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> MakeAsync()
    {
        try
        {
            // Making one keeps about a core busy, which whoever has just taken one needs for his container. With none left the next caller would wait.
            if (Ready > 0)
            {
                await _standBack(MostPatience, _stop.Token);
            }

            SandboxNamespace made = await _make(_stop.Token);
            lock (_lock)
            {
                _ready.Enqueue(made);
            }

            return true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever it is: without this nothing would be made ahead any more.
            NotMade(_logger, RetryAfterFailure.TotalSeconds, e);
            return false;
        }
    }

    [LoggerMessage(EventId = 2202, EventName = "network", Level = LogLevel.Warning, Message = "Could not make a network namespace; trying again in {Seconds}s")]
    private static partial void NotMade(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(EventId = 2203, EventName = "network", Level = LogLevel.Warning, Message = "Could not remove the network namespace {Name}; the next start does it")]
    private static partial void NotRemoved(ILogger logger, string name, Exception exception);
}

namespace Sleigh.Cli.Api;

/// <summary>
/// How long a daemon that went away is waited for: half a minute from the moment it was last there. A daemon that never answered is not
/// waited for.
/// </summary>
internal sealed class Patience
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time;
    private long _since;
    private bool _wasThere;

    public Patience(TimeProvider time) => _time = time;

    /// <summary>The longest wait.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The daemon has answered: the time begins anew with the next failure.</summary>
    public void Renew()
    {
        _wasThere = true;
        _since = 0;
    }

    /// <summary>Whether to try once more after this failure. One that time cannot heal is never waited for.</summary>
    public bool Allows(CliException failure)
    {
        // A connection that broke had been there.
        _wasThere |= failure is Http.LostConnectionException;
        bool passing = failure is ApiException { Code: "shutting_down" or "engine_unavailable" }
            || (failure is not ApiException && failure.ExitCode == ExitCode.Unreachable);
        if (!passing || !_wasThere)
        {
            return false;
        }

        _since = _since == 0 ? _time.GetTimestamp() : _since;
        return _time.GetElapsedTime(_since) < Limit;
    }

    /// <summary>Makes a call that may be repeated without harm, again and again while the daemon is away.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                T result = await call();
                Renew();
                return result;
            }
            catch (CliException ex) when (Allows(ex))
            {
                await WaitAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Waits a moment before the next try.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Pause, _time, cancellationToken);
}

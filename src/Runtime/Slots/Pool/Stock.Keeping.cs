using Sleigh.Containerd;

namespace Sleigh.Runtime.Slots;

/// <content>The loops: making, giving up what is too many, asking after what lies there.</content>
internal sealed partial class Stock<T>
{
    private async Task KeepAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan wait = Step();
            using CancellationTokenSource awake = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task signal = _changed.WaitAsync(awake.Token);
            await Task.WhenAny(signal, Task.Delay(wait, _time, awake.Token));
            await awake.CancelAsync();
            await signal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Does what is to be done now; gives how long nothing else is.</summary>
    private TimeSpan Step()
    {
        lock (_lock)
        {
            FollowDemand();
            if (_parked.Count >= _target)
            {
                ReleaseWaiting();
            }

            if (_parked.Count > _target && _surplus.IsCompleted)
            {
                // The oldest; one after the other, as nobody is in a hurry.
                T item = _parked[0];
                _parked.RemoveAt(0);
                _surplus = EndSurplusAsync(item);
            }

            if (_parked.Count + _makingTasks.Count >= _target)
            {
                return PoolDemand.ShrinkEvery;
            }

            if (_notBefore > Now)
            {
                return _notBefore - Now;
            }
        }

        return Refill();
    }

    private TimeSpan Refill()
    {
        double share = _source.MemoryShare();
        lock (_lock)
        {
            RefillDecision decision = RefillPace.Decide(new RefillSample(
                _traffic.ColdWaiting, _traffic.IsBusy, _makingTasks.Count, _parked.Count, Environment.ProcessorCount, share, _lastMake, Now - _made));
            bool low = decision is RefillDecision.MemoryLow;
            if (low && !_memoryLow)
            {
                MemoryIsLow(_logger, share);
            }

            _memoryLow = low;
            switch (decision)
            {
                case RefillDecision.Wait wait:
                    return wait.Time;
                case RefillDecision.MemoryLow wait:
                    ReleaseWaiting();
                    return wait.Time;
                default:
                    Task<bool> making = Task.Run(MakeAsync);
                    _makingTasks.Add(making);
                    _ = making.ContinueWith(OnMade, TaskScheduler.Default);
                    return TimeSpan.Zero;
            }
        }
    }

    private async Task<bool> MakeAsync()
    {
        long begin = _time.GetTimestamp();
        try
        {
            T item = await _source.Make(_stop.Token);
            TimeSpan took = _time.GetElapsedTime(begin);
            HearMake(took);
            lock (_lock)
            {
                MadeTotal++;
                (_lastMake, _made) = (took, Now);
            }

            Add(item);
            return true;
        }
        catch (Exception e) when (_stop.IsCancellationRequested
            && e is OperationCanceledException or ContainerdException or IOException or ObjectDisposedException)
        {
            return false;
        }
        catch (Exception e) when (e is ContainerdException or IOException or OperationCanceledException or UnauthorizedAccessException
            or Linux.Sqlite.SqliteException)
        {
            NotMade(_logger, _limits.RetryAfterFailure.TotalSeconds, e);
            lock (_lock)
            {
                _notBefore = Now + _limits.RetryAfterFailure;
                ReleaseWaiting();
            }

            return false;
        }
    }

    private void OnMade(Task<bool> making)
    {
        lock (_lock)
        {
            _makingTasks.Remove(making);
        }

        Wake();
    }

    private async Task EndSurplusAsync(T item)
    {
        await _source.End(item);
        Wake();
    }

    private async Task PingAllAsync()
    {
        while (true)
        {
            await Task.Delay(_limits.PingEvery, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            T[] parked;
            lock (_lock)
            {
                parked = [.. _parked];
            }

            foreach (T item in parked.TakeWhile(_ => !_stop.IsCancellationRequested))
            {
                await PingAsync(item);
            }
        }
    }

    private async Task PingAsync(T item)
    {
        using CancellationTokenSource timer = new(_limits.PingLimit, _time);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _stop.Token);
        try
        {
            await item.PingAsync(limit.Token);
        }
        catch (IOException e)
        {
            Drop(item, e.Message);
        }
        catch (OperationCanceledException)
        {
            Drop(item, $"no answer within {_limits.PingLimit.TotalSeconds}s");
        }
    }
}

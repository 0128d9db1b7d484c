namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>A PSI trigger as the kernel works it out (Linux 6.1, kernel/sched/psi.c): looked at ten times a window, told once a window.</summary>
internal sealed class StallWindow
{
    private readonly long _size;
    private readonly long _threshold;
    private long _start;
    private long _startValue;
    private long _before;
    private long _nextLook;
    private long _quietUntil;

    public StallWindow(TimeSpan size, TimeSpan threshold) => (_size, _threshold) = ((long)size.TotalMicroseconds, (long)threshold.TotalMicroseconds);

    /// <summary>Whether it tells now.</summary>
    /// <param name="now">Microseconds.</param>
    /// <param name="stalled">Stalled time so far, in microseconds.</param>
    public bool Look(long now, long stalled)
    {
        if (now < _nextLook)
        {
            return false;
        }

        _nextLook = now + (_size / 10);
        long elapsed = now - _start;
        long growth = stalled - _startValue;
        if (elapsed > _size)
        {
            (_start, _startValue, _before) = (now, stalled, growth);
        }
        else
        {
            growth += _before * (_size - elapsed) / _size;
        }

        if (growth < _threshold || now < _quietUntil)
        {
            return false;
        }

        _quietUntil = now + _size;
        return true;
    }
}

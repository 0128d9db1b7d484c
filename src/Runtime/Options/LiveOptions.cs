namespace Sleigh.Runtime.Options;

/// <summary>
/// The settings that are in force, for parts that outlive a reload: they read <see cref="Now"/> at each use, and keep nothing of it.
/// A part that holds something made from a setting makes it anew when it is told of a change. Safe for use by several threads.
/// </summary>
public sealed class LiveOptions
{
    private readonly Lock _lock = new();
    private readonly List<Action<SleighOptions>> _listeners = [];
    private volatile SleighOptions _now;

    /// <summary>Begins with the settings of the start.</summary>
    public LiveOptions(SleighOptions first) => _now = first;

    /// <summary>One whole and checked set; two reads may give two sets, so take it once where values must go together.</summary>
    public SleighOptions Now => _now;

    /// <summary>Calls <paramref name="changed"/> after each change, one change at a time. It must be quick and must not fail.</summary>
    public void OnChange(Action<SleighOptions> changed)
    {
        lock (_lock)
        {
            _listeners.Add(changed);
        }
    }

    /// <summary>Puts other settings in force.</summary>
    public void Replace(SleighOptions next)
    {
        lock (_lock)
        {
            _now = next;
            _listeners.ForEach(l => l(next));
        }
    }
}

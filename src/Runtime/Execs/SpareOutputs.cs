using System.Collections.Concurrent;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>
/// Output files that are made ahead, so that a command that starts does not wait for the data disk: to make a file there waits while the file system
/// commits, which a neighbour that flushes without end makes it do all the time. What a kill leaves of them is removed by the sweep at the
/// next start, as no record has it.
/// </summary>
internal sealed class SpareOutputs : IDisposable
{
    /// <summary>How many lie ready at the most; each holds three descriptors.</summary>
    public const int Most = 8;

    private readonly Spool _spool;
    private readonly ConcurrentQueue<SpareOutput> _ready = new();
    private readonly ConcurrentDictionary<ExecId, bool> _held = new();
    private readonly Lock _filling = new();
    private int _isFilling;
    private bool _isOpen;

    /// <param name="spool">Where they lie. None is made before <see cref="Open"/>.</param>
    public SpareOutputs(Spool spool) => _spool = spool;

    /// <summary>How many lie ready.</summary>
    public int Count => _ready.Count;

    /// <summary>Makes the first ones, and new ones as they are taken.</summary>
    public void Open()
    {
        _isOpen = true;
        BeginFilling();
    }

    /// <summary>One of them; null when none lies ready. It is held until <see cref="Release"/> or <see cref="GiveBack"/>.</summary>
    public SpareOutput? Take()
    {
        SpareOutput? found = null;
        while (found is null && _ready.TryDequeue(out SpareOutput? next))
        {
            if (Files.Stat(next.Files.Stdout).Links > 0)
            {
                found = next;
            }
            else
            {
                // Somebody has removed it.
                Discard(next);
            }
        }

        if (_ready.Count <= Most / 2)
        {
            BeginFilling();
        }

        return found;
    }

    /// <summary>Whether these files wait for their exec, or for its record.</summary>
    public bool Holds(ExecId id) => _held.ContainsKey(id);

    /// <summary>There is a record of its exec now.</summary>
    public void Release(SpareOutput spare) => _held.TryRemove(spare.Id, out _);

    /// <summary>It was not used.</summary>
    public void GiveBack(SpareOutput spare) => _ready.Enqueue(spare);

    /// <summary>Removes those that lie ready.</summary>
    public void Dispose()
    {
        lock (_filling)
        {
            _isOpen = false;
            while (_ready.TryDequeue(out SpareOutput? spare))
            {
                Discard(spare);
            }
        }
    }

    private void BeginFilling()
    {
        if (_isOpen && Interlocked.Exchange(ref _isFilling, 1) == 0)
        {
            _ = Task.Run(Fill);
        }
    }

    // Without room on the disk there are none, and the command that makes its own files is told so.
    private void Fill()
    {
        try
        {
            for (bool goesOn = true; goesOn;)
            {
                lock (_filling)
                {
                    goesOn = _isOpen && _ready.Count < Most && TryAdd();
                }
            }
        }
        finally
        {
            Volatile.Write(ref _isFilling, 0);
        }
    }

    private bool TryAdd()
    {
        ExecId id = ExecId.New();
        _held[id] = true;
        try
        {
            _ready.Enqueue(new SpareOutput(id, _spool.Create(id)));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What was made of it is the sweep's.
            _held.TryRemove(id, out _);
            return false;
        }
    }

    private void Discard(SpareOutput spare)
    {
        using (spare.Files.Record)
        {
            spare.Files.Dispose();
        }

        try
        {
            _spool.Remove(spare.Id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The sweep's.
        }

        _held.TryRemove(spare.Id, out _);
    }
}

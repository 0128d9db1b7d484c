namespace Sleigh.Runtime.Images;

/// <summary>
/// The stacks of layers (chain IDs) that creates under way stand on. A create holds its stack until its sandbox is in the table; a
/// removal begins only on a stack that nobody holds, and keeps others from holding it until it has ended.
/// </summary>
internal sealed class ImageHolds
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _removing = new(StringComparer.Ordinal);

    /// <summary>The stacks held now.</summary>
    public IReadOnlyList<string> Held
    {
        get
        {
            lock (_lock)
            {
                return [.. _held.Keys];
            }
        }
    }

    /// <summary>False: the stack is being removed.</summary>
    public bool TryHold(string chainId)
    {
        lock (_lock)
        {
            if (_removing.Contains(chainId))
            {
                return false;
            }

            _held[chainId] = _held.GetValueOrDefault(chainId) + 1;
            return true;
        }
    }

    /// <summary>Ends one hold.</summary>
    public void Release(string chainId)
    {
        lock (_lock)
        {
            int left = _held[chainId] - 1;
            if (left == 0)
            {
                _held.Remove(chainId);
            }
            else
            {
                _held[chainId] = left;
            }
        }
    }

    /// <summary>False: a create holds the stack, or another removal is at work on it.</summary>
    public bool TryBeginRemoval(string chainId)
    {
        lock (_lock)
        {
            return !_held.ContainsKey(chainId) && _removing.Add(chainId);
        }
    }

    /// <summary>The removal has ended, well or not.</summary>
    public void EndRemoval(string chainId)
    {
        lock (_lock)
        {
            _removing.Remove(chainId);
        }
    }
}

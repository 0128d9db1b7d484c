using System.Net;

namespace Sleigh.Network;

/// <summary>How many questions are under way: of all sandboxes, and of each one, so that none keeps the others from asking.</summary>
internal sealed class AskerPlaces
{
    private readonly int _all;
    private readonly int _each;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _taken = [];
    private int _total;

    /// <summary>Nothing is under way.</summary>
    /// <param name="all">Of all at most.</param>
    /// <param name="each">Of each at most.</param>
    public AskerPlaces(int all, int each) => (_all, _each) = (all, each);

    /// <summary>Takes a place; false: there is none, and nothing is taken.</summary>
    public bool TryEnter(IPAddress asker)
    {
        lock (_lock)
        {
            int own = _taken.GetValueOrDefault(asker);
            if (_total >= _all || own >= _each)
            {
                return false;
            }

            _total++;
            _taken[asker] = own + 1;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(IPAddress asker)
    {
        lock (_lock)
        {
            _total--;
            if (--_taken[asker] == 0)
            {
                _taken.Remove(asker);
            }
        }
    }
}

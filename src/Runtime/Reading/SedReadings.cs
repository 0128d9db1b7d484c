namespace Sleigh.Runtime.Reading;

/// <summary>Where implementations of sed differ in what a text means, each way is taken in turn: the choices of one reading, and the next.</summary>
internal sealed class SedReadings
{
    private readonly List<(int Taken, int Of)> _choices = [];
    private int _next;

    /// <summary>The way to take at the next place with so many ways.</summary>
    public int Choose(int ways)
    {
        if (_next == _choices.Count)
        {
            _choices.Add((0, ways));
        }

        return _choices[_next++].Taken;
    }

    /// <summary>Goes on to the next combination; false when all have been taken.</summary>
    public bool MoveNext()
    {
        _next = 0;
        while (_choices.Count > 0)
        {
            (int taken, int of) = _choices[^1];
            _choices.RemoveAt(_choices.Count - 1);
            if (taken + 1 < of)
            {
                _choices.Add((taken + 1, of));
                return true;
            }
        }

        return false;
    }
}

namespace Sleigh.Runtime.Auditing;

/// <summary>
/// Of refused calls, which have a line: ten a second of all strangers together, ten of those who may not use the socket, and ten of each session. What is beyond that is counted, and told
/// in a later second. Not safe for several threads.
/// </summary>
internal sealed class RefusedLines
{
    private const int MostPerSecond = 10;

    // By who was refused. Sessions are such as exist, so what is held of one second is bounded.
    private readonly Dictionary<string, int> _now = [];
    private readonly Dictionary<string, long> _left = [];
    private long _second;
    private long _leftSecond;

    /// <summary>Whether this one is not to have a line; it is counted then.</summary>
    /// <param name="entry">The line.</param>
    /// <param name="second">The time, in whole seconds.</param>
    public bool IsTooMuch(AuditEntry entry, long second)
    {
        if (entry.RefusedCaller is not { } caller)
        {
            return false;
        }

        if (second != _second)
        {
            _second = second;
            _now.Clear();
        }

        int count = _now[caller] = _now.GetValueOrDefault(caller) + 1;
        if (count <= MostPerSecond)
        {
            return false;
        }

        _left[caller] = _left.GetValueOrDefault(caller) + 1;
        _leftSecond = second;
        return true;
    }

    /// <summary>What is to be told before the next line: none in the second in which the last was counted.</summary>
    /// <param name="now">The time of the lines.</param>
    /// <param name="isEnd">Also those of this second.</param>
    public IReadOnlyList<AuditEntry> Due(DateTimeOffset now, bool isEnd) =>
        _left.Count == 0 || (_leftSecond == now.ToUnixTimeSeconds() && !isEnd)
            ? []
            :
            [
                .. _left.OrderBy(of => of.Key, StringComparer.Ordinal).Select(of => new AuditEntry
                {
                    Time = now, Operation = "audit-refused", Phase = "done", Session = of.Key is "" or "socket" ? null : of.Key, Via = of.Key == "socket" ? of.Key : null, Refused = of.Value,
                }),
            ];

    /// <summary>Forgets what was told.</summary>
    public void Told(AuditEntry line) => _left.Remove(line.Session ?? line.Via ?? "");
}

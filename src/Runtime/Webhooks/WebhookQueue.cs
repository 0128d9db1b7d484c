namespace Sleigh.Runtime;

/// <summary>
/// Which deliveries are tried next, in memory: the soonest first, a few at once for each receiver, so that one that is slow holds up no other.
/// Times are of any clock that only goes forward. Not safe for use by several threads.
/// </summary>
/// <param name="atOnce">Tries under way at most.</param>
/// <param name="ofOneReceiver">Tries under way at most to one scheme, host and port.</param>
internal sealed class WebhookQueue(int atOnce, int ofOneReceiver)
{
    private readonly Dictionary<string, Receiver> _receivers = new(StringComparer.Ordinal);
    private readonly HashSet<WebhookDeliveryId> _known = [];
    private readonly HashSet<WebhookDeliveryId> _underWay = [];
    private readonly Dictionary<WebhookDeliveryId, TimeSpan> _comesBack = [];
    private int _running;
    private long _order;

    /// <summary>
    /// Adds a delivery. One that waits already stays as it is; one under way comes back when it is done: an administrator may have it sent again
    /// in the moment in which it is given up.
    /// </summary>
    public void Add(WebhookDeliveryId id, string url, TimeSpan due)
    {
        if (_known.Add(id))
        {
            Put(new QueuedTry(id, WebhookUrl.Receiver(url)), due);
        }
        else if (_underWay.Contains(id))
        {
            _comesBack[id] = due;
        }
    }

    /// <summary>What is to be tried now. Each must be given back by <see cref="Again"/> or <see cref="Done"/>.</summary>
    public IReadOnlyList<QueuedTry> TakeDue(TimeSpan now)
    {
        List<QueuedTry> due = [];
        while (_running < atOnce && Soonest() is { } receiver && receiver.Due <= now)
        {
            QueuedTry next = receiver.Waiting.Dequeue();
            due.Add(next);
            _underWay.Add(next.Id);
            receiver.Running++;
            _running++;
        }

        return due;
    }

    /// <summary>When there is something to try again; null while nothing waits, or all that does waits for one under way.</summary>
    public TimeSpan? NextDue => _running < atOnce ? Soonest()?.Due : null;

    /// <summary>It was tried and waits for another try.</summary>
    public void Again(QueuedTry entry, TimeSpan due)
    {
        Leave(entry);
        _comesBack.Remove(entry.Id);
        Put(entry, due);
    }

    /// <summary>It is final, or gone.</summary>
    public void Done(QueuedTry entry)
    {
        Receiver receiver = Leave(entry);
        if (_comesBack.Remove(entry.Id, out TimeSpan due))
        {
            Put(entry, due);
            return;
        }

        _known.Remove(entry.Id);
        if (receiver is { Running: 0, Waiting.Count: 0 })
        {
            _receivers.Remove(entry.Receiver);
        }
    }

    private Receiver? Soonest()
    {
        Receiver? best = null;
        foreach (Receiver receiver in _receivers.Values)
        {
            if (receiver.Waiting.Count > 0 && receiver.Running < ofOneReceiver && (best is null || receiver.GoesBefore(best)))
            {
                best = receiver;
            }
        }

        return best;
    }

    private void Put(QueuedTry entry, TimeSpan due)
    {
        if (!_receivers.TryGetValue(entry.Receiver, out Receiver? receiver))
        {
            _receivers[entry.Receiver] = receiver = new Receiver();
        }

        receiver.Waiting.Enqueue(entry, (due, _order++));
    }

    private Receiver Leave(QueuedTry entry)
    {
        Receiver receiver = _receivers[entry.Receiver];
        receiver.Running--;
        _running--;
        _underWay.Remove(entry.Id);
        return receiver;
    }

    private sealed class Receiver
    {
        public PriorityQueue<QueuedTry, (TimeSpan Due, long Order)> Waiting { get; } = new();

        public int Running { get; set; }

        public TimeSpan Due => Waiting.TryPeek(out _, out (TimeSpan Due, long Order) first) ? first.Due : TimeSpan.MaxValue;

        // When all tries are under way, one that has fewer of them is served before one that has more.
        public bool GoesBefore(Receiver other) => Due < other.Due || (Due == other.Due && Running < other.Running);
    }
}

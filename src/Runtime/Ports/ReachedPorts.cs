using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>
/// What ends with the declaration of a port: a token for each port that has been reached. With a lock of its own, since each request comes by here and changes of
/// ports wait for the disk.
/// </summary>
internal sealed class ReachedPorts
{
    private readonly Lock _lock = new();

    // By the keys of ports: one that is declared again has another.
    private readonly Dictionary<string, CancellationTokenSource> _tokens = [];

    /// <summary>For tests: how many have been reached and not ended.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>What is set when the port is taken back or its sandbox deleted.</summary>
    /// <param name="entry">The sandbox.</param>
    /// <param name="require">Gives the declared port, as it is then, or throws. Whoever takes it away does so before <see cref="End"/>.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, and what <paramref name="require"/> throws.</exception>
    public CancellationToken Take(SandboxEntry entry, Func<PortRecord> require)
    {
        lock (_lock)
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(entry.Id);
            }

            string key = require().Key;
            if (!_tokens.TryGetValue(key, out CancellationTokenSource? declared))
            {
                _tokens[key] = declared = new CancellationTokenSource();
            }

            return declared.Token;
        }
    }

    /// <summary>Ends what leads to a port that is declared no more.</summary>
    public void End(PortRecord record)
    {
        CancellationTokenSource? declared;
        lock (_lock)
        {
            _tokens.Remove(record.Key, out declared);
        }

        // Not disposed: a request may be about to register with it, and without a timer it holds nothing.
        _ = declared?.CancelAsync();
    }
}

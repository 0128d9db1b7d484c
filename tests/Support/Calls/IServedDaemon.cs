using System.Net;

namespace Sleigh.TestSupport;

/// <summary>A running daemon, as its callers see it.</summary>
public interface IServedDaemon
{
    /// <summary>Where the API is reached.</summary>
    IPEndPoint Address { get; }

    /// <summary>The administrator's socket; null where it cannot be reached from here.</summary>
    string? Socket { get; }

    /// <summary>The key that issues sessions; null where none is set.</summary>
    string? ApiKey { get; }

    /// <summary>Grows with each start; clients then open new connections.</summary>
    int Starts { get; }

    /// <summary>What the daemon said last, for the text of a failure.</summary>
    string LogTail { get; }
}

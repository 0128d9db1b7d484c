namespace Sleigh.Runtime;

/// <summary>
/// Servers inside sandboxes. A port is reached over the sandbox's own loopback, whatever its network mode is; only declared ports are. They stay
/// declared over rollback, restart and the daemon's own restarts; connections end with the run of the sandbox.
/// </summary>
public interface IPorts
{
    /// <summary>The most ports of one sandbox.</summary>
    const int MostPerSandbox = 64;

    /// <summary>The declared ports, by number.</summary>
    IReadOnlyList<SandboxPort> List(SandboxId id);

    /// <summary>One declared port.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    SandboxPort Get(SandboxId id, int port);

    /// <summary>Declares a port, or changes it.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="listen">Whether a TCP port of the host's loopback leads to it; null: as it is, at first none.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.QuotaExceeded"/>, <see cref="ErrorKind.UnsupportedOnHost"/>.</exception>
    SandboxPort Put(SandboxId id, int port, bool? listen);

    /// <summary>Takes a port back; its connections over TCP and all its links end.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    void Remove(SandboxId id, int port);

    /// <summary>Waits until a server listens; gives the port as it is then, or at the end of the time.</summary>
    Task<SandboxPort> WaitAsync(SandboxId id, int port, TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>Makes a link that is good for so long.</summary>
    PortLink Link(SandboxId id, int port, TimeSpan life);

    /// <summary>Until when what was shown opens this port; null: it does not.</summary>
    DateTimeOffset? Opens(SandboxId id, int port, string value);

    /// <summary>Where connections to a port lead. A sandbox that was frozen to save memory goes on; one that does not run is not started.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PortNotListening"/>.</exception>
    PortPlace Reach(SandboxId id, int port);

    /// <summary>Opens a connection; disposing the stream closes it.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.PortNotListening"/>, <see cref="ErrorKind.QuotaExceeded"/>,
    /// <see cref="ErrorKind.PortUnreachable"/> with the cause.</exception>
    ValueTask<Stream> ConnectAsync(string place, int port, CancellationToken cancellationToken);

    /// <summary>Notes that a sandbox, and its session with it, was in use until now.</summary>
    void Touch(SandboxId id);
}

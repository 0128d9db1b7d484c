using System.Net;

namespace Sleigh.Runtime;

/// <summary>A declared port of a sandbox as it was at one moment.</summary>
public sealed record SandboxPort
{
    /// <summary>Whose it is.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The port inside, 1 to 65535.</summary>
    public required int Number { get; init; }

    /// <summary>What is behind it.</summary>
    public required PortStatus Status { get; init; }

    /// <summary>The address on the host whose TCP connections lead to it; null: none was asked for.</summary>
    public IPEndPoint? Tcp { get; init; }

    /// <summary>Why nothing listens at <see cref="Tcp"/>; null: it does.</summary>
    public string? TcpError { get; init; }
}

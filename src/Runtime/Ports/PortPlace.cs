namespace Sleigh.Runtime;

/// <summary>Where connections to a port lead now.</summary>
/// <param name="Name">A host name that stands for this run of the sandbox; <see cref="IPorts.ConnectAsync"/> takes it.</param>
/// <param name="Ended">Ends with this run of the sandbox: at delete, rollback, or when its processes are gone.</param>
/// <param name="TakenBack">Ends when the port is declared no longer.</param>
public sealed record PortPlace(string Name, CancellationToken Ended, CancellationToken TakenBack);

namespace Sleigh.Runtime;

/// <summary>The outcome of a create or of one fork.</summary>
/// <param name="Sandbox">The sandbox, running.</param>
/// <param name="FromPool">Whether a parked slot was waiting.</param>
/// <param name="Latency">The whole operation.</param>
/// <param name="Phases">Where the time went.</param>
public sealed record CreatedSandbox(Sandbox Sandbox, bool FromPool, TimeSpan Latency, CreatePhases Phases)
{
    /// <summary>How long the image was pulled; null when it was on the host.</summary>
    public TimeSpan? ImagePull { get; init; }
}

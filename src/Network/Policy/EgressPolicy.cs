namespace Sleigh.Network;

/// <summary>
/// What one sandbox may reach. A destination that a rule of <see cref="Deny"/> names is refused; then one that is protected
/// (<see cref="ProtectedNetworks"/>), unless the operator has opened it for all; then <see cref="Mode"/> decides. It holds for the packets of
/// connections that are open too.
/// </summary>
public sealed record EgressPolicy
{
    /// <summary>The world and nothing that is protected.</summary>
    public static EgressPolicy Open { get; } = new();

    /// <summary>What is not named.</summary>
    public EgressMode Mode { get; init; } = EgressMode.Open;

    /// <summary>What <see cref="EgressMode.Restricted"/> lets through.</summary>
    public IReadOnlyList<EgressRule> Allow { get; init; } = [];

    /// <summary>
    /// Names that <see cref="EgressMode.Restricted"/> answers questions for, and whose addresses, as they were answered, it lets through for a while. None of them
    /// opens what is protected.
    /// </summary>
    public IReadOnlyList<NameRule> AllowNames { get; init; } = [];

    /// <summary>What is refused in every mode.</summary>
    public IReadOnlyList<EgressRule> Deny { get; init; } = [];

    /// <summary>Names that are not answered in any mode, <see cref="AllowNames"/> or not. Their addresses stay as reachable as others. Without ports.</summary>
    public IReadOnlyList<NameRule> DenyNames { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(EgressPolicy? other) =>
        other is not null && Mode == other.Mode && Allow.SequenceEqual(other.Allow) && Deny.SequenceEqual(other.Deny)
        && AllowNames.SequenceEqual(other.AllowNames) && DenyNames.SequenceEqual(other.DenyNames);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, Allow.Count, Deny.Count, AllowNames.Count, DenyNames.Count);
}

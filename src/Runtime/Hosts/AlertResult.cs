namespace Sleigh.Runtime;

/// <summary>What became of an alert.</summary>
/// <param name="Target">Where alerts go, without user, password and query; null: nowhere.</param>
/// <param name="Dispatched">Whether this call sent one.</param>
/// <param name="Error">Why it could not be sent.</param>
public sealed record AlertResult(string? Target, bool Dispatched, string? Error)
{
    /// <summary>Nobody is to be told.</summary>
    public static AlertResult None { get; } = new(null, false, null);
}

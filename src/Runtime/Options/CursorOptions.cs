namespace Sleigh.Runtime.Options;

/// <summary>Section <c>cursor</c>: the signed marks that page through lists.</summary>
public sealed record CursorOptions
{
    /// <summary>Key <c>cursor.secret</c>; null: made at first start and kept.</summary>
    public string? Secret { get; init; }

    /// <summary>Key <c>cursor.ttl_seconds</c>: how long a cursor is good.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Names the fields, without the secret.</summary>
    public override string ToString() => $"CursorOptions {{ Secret = {(Secret is null ? "none" : "set")}, Ttl = {Ttl} }}";
}

namespace Sleigh.Runtime;

/// <summary>The owner of sandboxes. The token that proves it is kept as a hash only.</summary>
public sealed record Session
{
    /// <summary>The id; it may stand in labels, logs and events.</summary>
    public required SessionId Id { get; init; }

    /// <summary>When the token was issued.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Last authenticated use; may lag by 60 s.</summary>
    public required DateTimeOffset LastUsed { get; init; }

    /// <summary>When it ends unless used; null when it never does.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The built-in session of whoever may use the administrator's socket. It has no token and may act on all sandboxes.</summary>
    public bool IsAdministrator { get; init; }
}

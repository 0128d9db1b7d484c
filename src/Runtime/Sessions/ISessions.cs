namespace Sleigh.Runtime;

/// <summary>Issues and checks session tokens.</summary>
public interface ISessions
{
    /// <summary>The session of the administrator's socket.</summary>
    Session Administrator { get; }

    /// <summary>Makes a session and its token.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.RateLimited"/> above the configured rate.</exception>
    IssuedToken Issue();

    /// <summary>The session that a token proves; null when the token is unknown, malformed, expired or revoked. Counts as a use.</summary>
    Session? Authenticate(string token);

    /// <summary>
    /// Ends a session: its token stops at once, then all that it owns is deleted. What a crash interrupts, the next start finishes.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Forbidden"/> for the administrator's.</exception>
    Task EndAsync(SessionId id);

    /// <summary>All sessions, oldest first.</summary>
    IReadOnlyList<Session> List();
}

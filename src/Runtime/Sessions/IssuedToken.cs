namespace Sleigh.Runtime;

/// <summary>A new session and its token, which is shown this once.</summary>
public sealed record IssuedToken(string Token, Session Session);

using System.Net.Http.Headers;
using System.Text;

namespace Sleigh.Containerd;

/// <summary>A login of one registry. It is never logged.</summary>
internal sealed record RegistryLogin
{
    /// <summary>The user; null where there is a token only.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>Buys access tokens from the token server.</summary>
    public string? IdentityToken { get; init; }

    /// <summary>Sent to the registry as it is.</summary>
    public string? RegistryToken { get; init; }

    /// <summary>The user and password as a header, or null.</summary>
    public AuthenticationHeaderValue? Basic => Username is null || Password is null
        ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Password}")));

    public override string ToString() => Username is null ? "a token" : $"the user '{Username}'";
}

/// <summary>What was found where a login was looked for.</summary>
/// <param name="Login">The login, or null.</param>
/// <param name="Note">Why there may be none though there should be, for the message of a refusal; or null.</param>
internal sealed record LoginAnswer(RegistryLogin? Login, string? Note);

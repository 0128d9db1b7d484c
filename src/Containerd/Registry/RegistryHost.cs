namespace Sleigh.Containerd;

/// <summary>What the administrator says about one registry.</summary>
public sealed record RegistryHost
{
    /// <summary>The host, with its port where it has one, as image names have it: <c>registry.example:5000</c>, <c>docker.io</c>.</summary>
    public required string Host { get; init; }

    /// <summary>Where to ask first, in this order: <c>https://mirror.example</c>, with a path where the mirror has one.</summary>
    public IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>User to log in as; null to look into docker's configuration.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>An identity token, in place of a password: the registry's token server gives access tokens for it.</summary>
    public string? Token { get; init; }

    /// <summary>A file of certificates (PEM) that are trusted for this host, beside those that the system trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>Whether to speak HTTP without TLS to it. Loopback hosts need no permission.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>The host alone: a password has no place in a log.</summary>
    public override string ToString() => Host;
}

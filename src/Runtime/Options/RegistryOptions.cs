namespace Sleigh.Runtime.Options;

/// <summary>One entry of <c>images.registries</c>.</summary>
public sealed record RegistryOptions
{
    /// <summary>Name, and port where one is given, in lower case, as it stands in image names.</summary>
    public required string Host { get; init; }

    /// <summary>User name of the login.</summary>
    public string? Username { get; init; }

    /// <summary>Password of the login, from the configuration or from the file that it names.</summary>
    public string? Password { get; init; }

    /// <summary>An identity token, in place of a login.</summary>
    public string? Token { get; init; }

    /// <summary>File with the certificates of the authorities that are trusted there besides the host's.</summary>
    public string? CaFile { get; init; }

    /// <summary>HTTP without TLS.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Asked first, in this order.</summary>
    public IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>Names the fields, without secrets.</summary>
    public override string ToString() =>
        $"RegistryOptions {{ Host = {Host}, Username = {Username}, Password = {(Password is null ? "none" : "set")}, Token = {(Token is null ? "none" : "set")} }}";
}

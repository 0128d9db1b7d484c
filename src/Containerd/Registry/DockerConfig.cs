using System.Text;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>The logins in docker's config.json.</summary>
internal sealed class DockerConfig
{
    /// <summary>Docker's own name for Docker Hub, older than all the others.</summary>
    private const string HubKey = "https://index.docker.io/v1/";

    private readonly Dictionary<string, RegistryLogin> _logins = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _helpers = new(StringComparer.OrdinalIgnoreCase);
    private string? _store;

    private DockerConfig()
    {
    }

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="FormatException">It is not JSON of that kind.</exception>
    public static DockerConfig Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            var config = new DockerConfig();
            foreach ((string host, JsonElement entry) in Members(document.RootElement, "auths"))
            {
                if (ReadLogin(entry, host) is { } login)
                {
                    config._logins[HostOf(host)] = login;
                }
            }

            foreach ((string host, JsonElement helper) in Members(document.RootElement, "credHelpers"))
            {
                config._helpers[HostOf(host)] = helper.GetString() ?? "";
            }

            config._store = document.RootElement.TryGetProperty("credsStore", out JsonElement store) && store.GetString() is { Length: > 0 } name ? name : null;
            return config;
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            throw new FormatException($"not the JSON of docker's configuration: {ex.Message}", ex);
        }
    }

    /// <summary>The program that keeps the login of a host, and the name by which it knows the host; or null.</summary>
    public (string Helper, string ServerName)? HelperOf(string host)
    {
        string? helper = Names(host).Select(n => _helpers.GetValueOrDefault(n)).FirstOrDefault(h => h is not null) ?? _store;
        return helper is { Length: > 0 } ? (helper, host == HostRules.DockerHub ? HubKey : host) : null;
    }

    /// <summary>The login of a host that stands in the file itself, or null.</summary>
    public RegistryLogin? Find(string host) => Names(host).Select(n => _logins.GetValueOrDefault(n)).FirstOrDefault(l => l is not null);

    private static string[] Names(string host) =>
        host == HostRules.DockerHub ? ["index.docker.io", HostRules.DockerHub, "registry-1.docker.io"] : [host];

    /// <summary>Keys may be addresses: <c>https://host/v1/</c> is <c>host</c>.</summary>
    private static string HostOf(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? rest : rest[..slash];
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement all) && all.ValueKind == JsonValueKind.Object
            ? all.EnumerateObject().Select(m => (m.Name, m.Value))
            : [];

    private static RegistryLogin? ReadLogin(JsonElement entry, string host)
    {
        string? user = Text(entry, "username");
        string? password = Text(entry, "password");
        if (Text(entry, "auth") is { } auth)
        {
            byte[] bytes = new byte[auth.Length];
            string text = Convert.TryFromBase64String(auth, bytes, out int length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                throw new FormatException($"the login of {host} ('auth') is not the base64 of user:password");
            }

            // Some tools fill it up with zero bytes.
            (user, password) = (text[..colon], text[(colon + 1)..].TrimEnd('\0'));
        }

        string? identity = Text(entry, "identitytoken");
        string? token = Text(entry, "registrytoken");
        return user is null && identity is null && token is null
            ? null
            : new RegistryLogin { Username = user, Password = password, IdentityToken = identity, RegistryToken = token };
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out JsonElement value) && value.GetString() is { Length: > 0 } text ? text : null;
}

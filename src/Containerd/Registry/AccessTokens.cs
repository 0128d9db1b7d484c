using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>
/// What is sent as Authorization: user and password, or a token that the registry's token server gives (distribution specification,
/// token authentication). Kept for each registry and repository until shortly before it expires.
/// </summary>
internal sealed class AccessTokens
{
    private const int MaxAnswerBytes = 256 * 1024;

    /// <summary>Token servers that do not say mean this.</summary>
    private static readonly TimeSpan DefaultLife = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private static readonly string[] TokenNames = ["token", "access_token"];

    private readonly RegistryClient _client;
    private readonly LoginSource _logins;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(string Host, string Scope), Entry> _entries = new();

    public AccessTokens(RegistryClient client, LoginSource logins, TimeProvider time)
    {
        _client = client;
        _logins = logins;
        _time = time;
    }

    /// <summary>What was good the last time, or null.</summary>
    public AuthenticationHeaderValue? Find(RegistrySource source) => Of(source).Good(_time.GetUtcNow());

    /// <summary>Does what a 401 asks for.</summary>
    /// <param name="source">The image and its registry.</param>
    /// <param name="answer">The 401.</param>
    /// <param name="refused">What was sent and not accepted, or null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RegistryException">Denied, or the token server cannot be asked.</exception>
    public async Task<AuthenticationHeaderValue> LogInAsync(
        RegistrySource source, HttpResponseMessage answer, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        Entry entry = Of(source);
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            // Another layer of the same image may have been quicker.
            if (entry.Good(_time.GetUtcNow()) is { } now && !now.Equals(refused))
            {
                return now;
            }

            entry.Clear();
            RegistryLogin? login = (await _logins.FindAsync(source.Endpoint.LoginHost, cancellationToken)).Login;
            IReadOnlyList<AuthChallenge> challenges = AuthChallenge.ParseAll(
                answer.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values) ? values : []);
            if (login?.RegistryToken is { } ready)
            {
                return entry.Set(new AuthenticationHeaderValue("Bearer", ready), DateTimeOffset.MaxValue);
            }

            if (challenges.FirstOrDefault(c => c.Scheme == "bearer" && c["realm"] is not null) is { } bearer)
            {
                (string token, TimeSpan life) = await GetTokenAsync(source, bearer, login, cancellationToken);
                return entry.Set(new AuthenticationHeaderValue("Bearer", token), _time.GetUtcNow() + life - Min(Margin, life / 4));
            }

            if (challenges.Any(c => c.Scheme == "basic") && login?.Basic is { } basic)
            {
                return entry.Set(basic, DateTimeOffset.MaxValue);
            }

            throw await _client.RefusalAsync(source, answer, "", cancellationToken);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private static string ScopeOf(ImageName name) => $"repository:{name.Path}:pull";

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private Entry Of(RegistrySource source) => _entries.GetOrAdd((source.Endpoint.Name, ScopeOf(source.Name)), static _ => new Entry());

    private async Task<(string Token, TimeSpan Life)> GetTokenAsync(
        RegistrySource source, AuthChallenge challenge, RegistryLogin? login, CancellationToken cancellationToken)
    {
        string realm = challenge["realm"]!;
        if (!Uri.TryCreate(realm, UriKind.Absolute, out Uri? server) || (server.Scheme != Uri.UriSchemeHttps && server.Scheme != Uri.UriSchemeHttp))
        {
            throw source.Fail(RegistryErrorKind.Other, $"it names '{RegistryErrorText.Clean(realm)}' as its token server, which is no address");
        }

        if (login is not null && !MayHaveLogin(server, source.Endpoint.Base))
        {
            throw source.Fail(
                RegistryErrorKind.Denied, $"its token server {server.GetLeftPart(UriPartial.Authority)} is not HTTPS, so the login is not sent there");
        }

        string[] scopes = (challenge["scope"] ?? ScopeOf(source.Name)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using HttpRequestMessage request = login?.IdentityToken is { } identity
            ? Exchange(server, challenge["service"], scopes, identity)
            : Ask(server, challenge["service"], scopes, login);
        using HttpResponseMessage answer = await _client.ExchangeAsync(source, request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw await _client.RefusalAsync(source, answer, $"asked for a token, {server.Authority} refused: ", cancellationToken);
        }

        byte[] json = await _client.ReadAllAsync(source, answer, MaxAnswerBytes, cancellationToken) ?? [];
        return Parse(json) ?? throw source.Fail(RegistryErrorKind.Other, $"its token server {server.Authority} gave an answer without a token");
    }

    /// <summary>A login goes to its own registry, and to the token server that this one names if nobody on the way can read it.</summary>
    public static bool MayHaveLogin(Uri server, Uri registry) =>
        server.Scheme == Uri.UriSchemeHttps
        || HostRules.IsLoopback(server.Host)
        || (server.Scheme == registry.Scheme && string.Equals(server.Authority, registry.Authority, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads the token server's answer; null where it holds no token.</summary>
    public static (string Token, TimeSpan Life)? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            string? token = TokenNames
                .Select(n => root.TryGetProperty(n, out JsonElement t) && t.ValueKind == JsonValueKind.String ? t.GetString() : null)
                .FirstOrDefault(t => t is { Length: > 0 });
            bool says = root.TryGetProperty("expires_in", out JsonElement e) && e.ValueKind == JsonValueKind.Number;
            TimeSpan life = says && e.TryGetInt32(out int seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : DefaultLife;

            // What cannot stand in a header is no token (RFC 6750, section 2.1).
            return token is not null && token.All(c => c is > ' ' and < '\u007f') ? (token, life) : null;
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static HttpRequestMessage Ask(Uri server, string? service, string[] scopes, RegistryLogin? login)
    {
        IEnumerable<(string, string?)> query =
        [
            ("service", service),
            .. scopes.Select(s => ("scope", (string?)s)),
            ("account", login?.Username),
        ];
        string text = string.Join('&', query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}"));
        var address = new UriBuilder(server) { Query = server.Query.Length > 1 ? $"{server.Query[1..]}&{text}" : text };
        return new HttpRequestMessage(HttpMethod.Get, address.Uri) { Headers = { Authorization = login?.Basic } };
    }

    private static HttpRequestMessage Exchange(Uri server, string? service, string[] scopes, string identity) => new(HttpMethod.Post, server)
    {
        Content = new FormUrlEncodedContent(
        [
            new("grant_type", "refresh_token"),
            new("service", service ?? ""),
            new("client_id", "sleigh"),
            new("scope", string.Join(' ', scopes)),
            new("refresh_token", identity),
        ]),
    };

    private sealed class Entry
    {
        private volatile Held? _held;

        public SemaphoreSlim Gate { get; } = new(1);

        public AuthenticationHeaderValue? Good(DateTimeOffset now) => _held is { } held && held.Until > now ? held.Header : null;

        public void Clear() => _held = null;

        public AuthenticationHeaderValue Set(AuthenticationHeaderValue header, DateTimeOffset until)
        {
            _held = new Held(header, until);
            return header;
        }

        private sealed record Held(AuthenticationHeaderValue Header, DateTimeOffset Until);
    }
}

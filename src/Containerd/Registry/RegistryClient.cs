using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Sleigh.Containerd;

/// <summary>Asks registries (OCI distribution specification 1.1): logs in, follows redirects, waits no longer than it should.</summary>
internal sealed class RegistryClient
{
    private const int MaxRedirects = 5;
    private const int MaxTries = 5;
    private const int MaxDocumentTries = 3;
    private const int MaxErrorBytes = 16 * 1024;

    private static readonly string[] ManifestTypes =
        [MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerIndex, MediaTypes.DockerManifest];

    private readonly RegistrySettings _settings;
    private readonly HostRules _hosts;
    private readonly RegistryHttp _http;
    private readonly LoginSource _logins;
    private readonly AccessTokens _tokens;
    private readonly TimeProvider _time;

    public RegistryClient(RegistrySettings settings, HostRules hosts, RegistryHttp http, TimeProvider time)
    {
        _settings = settings;
        _hosts = hosts;
        _http = http;
        _time = time;
        _logins = new LoginSource(settings, hosts);
        _tokens = new AccessTokens(this, _logins, time);
    }

    public Retries NewRetries() => new(MaxTries, _settings.FirstPause);

    public Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => Task.Delay(pause, _time, cancellationToken);

    /// <summary>A manifest, an index, or a small blob.</summary>
    /// <exception cref="RegistryException">It was not given, or is larger than the limit.</exception>
    public async Task<RegistryDocument> GetDocumentAsync(RegistrySource source, Uri address, int limit, CancellationToken cancellationToken)
    {
        // Where there is another place to ask, that is quicker than to wait for this one.
        var retries = new Retries(source.Endpoint.IsMirror ? 1 : MaxDocumentTries, _settings.FirstPause);
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await SendAsync(source, address, AskForManifest, cancellationToken);
                byte[] bytes = await ReadAllAsync(source, answer, limit, cancellationToken) ?? throw source.Fail(
                    RegistryErrorKind.Invalid, $"a document ({address.AbsolutePath}) is larger than the limit of {limit} bytes");
                return new RegistryDocument(bytes, answer.Content.Headers.ContentType?.MediaType);
            }
            catch (RegistryException ex) when (ex.IsPassing)
            {
                if (retries.Next(ex.RetryAfter) is not { } pause)
                {
                    throw;
                }

                _settings.Report($"{ex.Message}; trying again in {pause.TotalSeconds:0.#} s");
                await PauseAsync(pause, cancellationToken);
            }
        }
    }

    /// <summary>The answer with a blob's bytes from some byte on, or from the first where the server cannot do otherwise (status 200).</summary>
    public Task<HttpResponseMessage> OpenAsync(RegistrySource source, Uri address, long offset, CancellationToken cancellationToken) =>
        SendAsync(source, address, request => request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null, cancellationToken);

    /// <summary>Reads what has arrived; gives up when nothing does for too long.</summary>
    public async Task<int> ReadAsync(
        RegistrySource source, Stream body, Memory<byte> buffer, string what, CancellationToken cancellationToken)
    {
        using var limit = new Stall(_settings.StallTimeout, _time, cancellationToken);
        try
        {
            return await body.ReadAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw source.Fail(RegistryErrorKind.Network, $"no byte of {what} came for {_settings.StallTimeout.TotalSeconds:0.#} s", passing: true);
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException)
        {
            throw source.Fail(RegistryErrorKind.Network, $"the connection broke in {what}: {RegistryErrorText.Clean(ex.Message)}", ex, passing: true);
        }
    }

    /// <summary>Sends one request as it is, and gives its answer whatever its status.</summary>
    /// <exception cref="RegistryException">There was no answer.</exception>
    public async Task<HttpResponseMessage> ExchangeAsync(RegistrySource source, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string host = request.RequestUri!.Authority;
        string who = host == source.Endpoint.Name ? "it" : host;
        if (!_hosts.MayUse(request.RequestUri))
        {
            throw source.Fail(RegistryErrorKind.Other, $"{who} is to be asked over plain HTTP, which is allowed for this machine only");
        }

        RegistryPool pool = Pool(source, request.RequestUri);
        using var limit = new Stall(_settings.StallTimeout, _time, cancellationToken);
        try
        {
            return await pool.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException ex) when (!cancellationToken.IsCancellationRequested)
        {
            throw source.Fail(RegistryErrorKind.Network, $"{who} gave no answer within {_settings.StallTimeout.TotalSeconds:0.#} s", ex, passing: true);
        }
        catch (HttpRequestException ex)
        {
            bool tls = ex.InnerException is AuthenticationException;
            string why = tls ? pool.Trust.Problem ?? $"TLS failed: {Innermost(ex)}" : Innermost(ex);
            throw source.Fail(RegistryErrorKind.Network, $"{who} cannot be reached: {why}", ex, passing: !tls);
        }
    }

    /// <summary>All bytes of an answer, or null where they are more than the limit.</summary>
    public async Task<byte[]?> ReadAllAsync(RegistrySource source, HttpResponseMessage answer, int limit, CancellationToken cancellationToken)
    {
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var bytes = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        int read;
        while ((read = await ReadAsync(source, body, chunk, "the answer", cancellationToken)) > 0)
        {
            if (bytes.Length + read > limit)
            {
                return null;
            }

            bytes.Write(chunk, 0, read);
        }

        return bytes.ToArray();
    }

    /// <summary>The error that an answer is.</summary>
    public async Task<RegistryException> RefusalAsync(
        RegistrySource source, HttpResponseMessage answer, string prefix, CancellationToken cancellationToken)
    {
        byte[] body;
        try
        {
            body = await ReadAllAsync(source, answer, MaxErrorBytes, cancellationToken) ?? [];
        }
        catch (RegistryException)
        {
            body = [];
        }

        RegistryErrorKind kind = RegistryErrorText.KindOf(answer.StatusCode);
        string hint = kind == RegistryErrorKind.Denied ? _logins.HintFor(source.Endpoint.LoginHost) : "";
        return source.Fail(
            kind,
            prefix + RegistryErrorText.Of(answer.StatusCode, body) + hint,
            passing: RegistryErrorText.IsPassing(answer.StatusCode),
            retryAfter: RetryAfter(answer));
    }

    private static void AskForManifest(HttpRequestMessage request)
    {
        foreach (string type in ManifestTypes)
        {
            request.Headers.Accept.ParseAdd(type);
        }

        // Configurations come from the same door and are of any type.
        request.Headers.Accept.ParseAdd("*/*;q=0.1");
    }

    private static string Innermost(Exception ex)
    {
        while (ex.InnerException is { } inner)
        {
            ex = inner;
        }

        return RegistryErrorText.Clean(ex.Message);
    }

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static bool IsSameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && string.Equals(one.Authority, other.Authority, StringComparison.OrdinalIgnoreCase);

    private TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
        _ => null,
    };

    private async Task<HttpResponseMessage> SendAsync(
        RegistrySource source, Uri address, Action<HttpRequestMessage> shape, CancellationToken cancellationToken)
    {
        AuthenticationHeaderValue? login = _tokens.Find(source);
        bool loggedIn = false;
        Uri at = address;
        for (int redirects = 0; redirects <= MaxRedirects;)
        {
            bool home = IsSameOrigin(at, source.Endpoint.Base);
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("sleigh", "0.1"));
            shape(request);
            request.Headers.Authorization = home ? login : null;
            HttpResponseMessage answer = await ExchangeAsync(source, request, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.Unauthorized && home && !loggedIn)
                {
                    login = await _tokens.LogInAsync(source, answer, login, cancellationToken);
                    loggedIn = true;
                }
                else if (IsRedirect(answer.StatusCode) && answer.Headers.Location is { } location)
                {
                    at = Follow(source, new Uri(at, location));
                    redirects++;
                }
                else
                {
                    string prefix = home ? "" : $"it sent us on to {at.Authority}, and there ";
                    throw await RefusalAsync(source, answer, prefix, cancellationToken);
                }
            }
        }

        throw source.Fail(RegistryErrorKind.Other, $"it sent us on more than {MaxRedirects} times");
    }

    private Uri Follow(RegistrySource source, Uri to)
    {
        bool inward = HostRules.IsLoopback(to.Host) && !HostRules.IsLoopback(source.Endpoint.Base.Host);
        return _hosts.MayUse(to) && !inward
            ? to
            : throw source.Fail(
                RegistryErrorKind.Other, $"it sent us on to {RegistryErrorText.Clean(to.GetLeftPart(UriPartial.Authority))}, which is not HTTPS or is this machine");
    }

    private RegistryPool Pool(RegistrySource source, Uri address)
    {
        try
        {
            return _http.For(address);
        }
        catch (IOException ex)
        {
            throw source.Fail(RegistryErrorKind.Other, ex.Message, ex);
        }
    }
}

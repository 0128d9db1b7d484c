using System.Diagnostics;
using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A real registry (Debian's docker-registry) on loopback, with a log of what it was asked.</summary>
public sealed class LoopbackRegistry : IAsyncDisposable
{
    public const string User = "reader";
    public const string Password = "open sesame";

    // bcrypt of the password, as htpasswd -B writes it.
    private const string PasswordFile = User + ":$2y$04$5lwvad/X/5hvGupzNjttDOe3nIsqrWETlcEyDWDiML9KvU.PvOvaa\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-registry-").FullName;
    private readonly HttpClient _http;
    private readonly Process _process;

    private LoopbackRegistry(bool login)
    {
        using (TcpListener listener = new(IPAddress.Loopback, 0))
        {
            listener.Start();
            Address = (IPEndPoint)listener.LocalEndpoint;
        }

        File.WriteAllText(Path.Combine(_folder, "passwords"), PasswordFile);
        File.WriteAllText(
            Path.Combine(_folder, "config.yml"),
            $$"""
            version: 0.1
            log: {level: warn}
            storage:
              filesystem: {rootdirectory: {{_folder}}/data}
            http: {addr: "{{Address}}"}
            {{(login ? $"auth: {{htpasswd: {{realm: test, path: {_folder}/passwords}}}}" : "")}}
            """);
        ProcessStartInfo start = new("/bin/sh")
        {
            ArgumentList = { "-c", "exec docker-registry serve \"$1/config.yml\" > \"$1/log\" 2>&1 < /dev/null", "sh", _folder },
        };
        _process = Process.Start(start)!;
        _http = new HttpClient { BaseAddress = new Uri($"http://{Address}") };
        if (login)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{User}:{Password}")));
        }
    }

    public IPEndPoint Address { get; }

    /// <summary>Starts a registry, with the login of <see cref="User"/> or with none.</summary>
    public static async Task<LoopbackRegistry> StartAsync(bool login = false)
    {
        LoopbackRegistry registry = new(login);
        await Poll.UntilAsync(registry.AnswersAsync, 30, registry.Log);
        return registry;
    }

    /// <summary>Pushes the one image of an OCI layout; gives its name.</summary>
    /// <param name="repository">Such as <c>app</c>; the tag is <c>1</c>.</param>
    /// <param name="layout">The layout as a tar.</param>
    /// <param name="host">The host of the name, where it is not this registry itself.</param>
    public async Task<PushedImage> PushAsync(string repository, Stream layout, IPEndPoint? host = null)
    {
        Dictionary<string, byte[]> members = await MembersAsync(layout);
        JsonNode described = JsonNode.Parse(members["index.json"])!["manifests"]![0]!;
        byte[] manifest = Blob((string)described["digest"]!);
        JsonNode parsed = JsonNode.Parse(manifest)!;
        string[] layers = [.. parsed["layers"]!.AsArray().Select(l => (string)l!["digest"]!)];
        foreach (string digest in layers.Append((string)parsed["config"]!["digest"]!))
        {
            await PushBlobAsync(repository, digest, Blob(digest));
        }

        using ByteArrayContent content = new(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue((string)described["mediaType"]!);
        using HttpResponseMessage reply = await _http.PutAsync(new Uri($"/v2/{repository}/manifests/1", UriKind.Relative), content);
        Assert.True(reply.StatusCode == HttpStatusCode.Created, $"{reply.StatusCode}: {await reply.Content.ReadAsStringAsync()}\n{Log()}");
        return new PushedImage($"{host ?? Address}/{repository}:1", layers[0], Blob(layers[0]).Length);

        byte[] Blob(string digest) => members[$"blobs/sha256/{digest[7..]}"];
    }

    /// <summary>How often a blob was fetched.</summary>
    public int Fetches(string digest) =>
        Log().Split('\n').Count(l => l.Contains("\"GET /v2/", StringComparison.Ordinal) && l.Contains($"/blobs/{digest}", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Log()
    {
        using FileStream file = new(Path.Combine(_folder, "log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        return reader.ReadToEnd();
    }

    private async Task<bool> AnswersAsync()
    {
        Assert.False(_process.HasExited, Log());
        try
        {
            using HttpResponseMessage reply = await _http.GetAsync(new Uri("/v2/", UriKind.Relative));
            return reply.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task PushBlobAsync(string repository, string digest, byte[] blob)
    {
        using HttpResponseMessage begun = await _http.PostAsync(new Uri($"/v2/{repository}/blobs/uploads/", UriKind.Relative), null);
        Assert.True(begun.StatusCode == HttpStatusCode.Accepted, $"{begun.StatusCode}\n{Log()}");
        using ByteArrayContent content = new(blob);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage put = await _http.PutAsync(new Uri($"{begun.Headers.Location}&digest={digest}", UriKind.RelativeOrAbsolute), content);
        Assert.True(put.StatusCode == HttpStatusCode.Created, $"{put.StatusCode}\n{Log()}");
    }

    private static async Task<Dictionary<string, byte[]>> MembersAsync(Stream layout)
    {
        Dictionary<string, byte[]> members = [];
        await using TarReader reader = new(layout);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            using MemoryStream bytes = new();
            await (entry.DataStream ?? Stream.Null).CopyToAsync(bytes);
            members[entry.Name] = bytes.ToArray();
        }

        return members;
    }
}

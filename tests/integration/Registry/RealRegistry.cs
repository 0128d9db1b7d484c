using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Debian's docker-registry on a port of its own. As a class fixture it asks for no login and speaks plain HTTP.</summary>
public sealed class RealRegistry : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-reg-").FullName;
    private Process? _process;

    public RealRegistry()
    {
        Storage = Path.Combine(_folder, "storage");
    }

    private RealRegistry(string storage)
    {
        Storage = storage;
    }

    /// <summary>Where the blobs are; another registry may serve the same.</summary>
    public string Storage { get; }

    public string Host { get; private set; } = "";

    internal RegistryPusher Pusher => new(new Uri($"http://{Host}"));

    /// <summary>Another one, over what this one has.</summary>
    /// <param name="http">Lines below <c>http:</c>.</param>
    /// <param name="auth">Lines of the configuration.</param>
    public async Task<RealRegistry> ShareAsync(string http = "", string auth = "")
    {
        var other = new RealRegistry(Storage);
        await other.StartAsync(http, auth);
        return other;
    }

    public async ValueTask InitializeAsync()
    {
        if (Sleigh.TestSupport.Host.Has(Need.DockerRegistry))
        {
            await StartAsync("", "");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(string http, string auth)
    {
        int port = FreePort();
        Host = $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}";
        string config = Path.Combine(_folder, "config.yml");
        await File.WriteAllTextAsync(config, $"""
            version: 0.1
            log:
              level: error
              accesslog:
                disabled: true
            storage:
              filesystem:
                rootdirectory: {Storage}
            {auth}
            http:
              addr: {Host}
              secret: for-tests
              {http}
            """);
        var start = new ProcessStartInfo("docker-registry") { ArgumentList = { "serve", config }, RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        Task<string> output = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        for (int i = 0; i < 500; i++)
        {
            Assert.False(_process.HasExited, _process.HasExited ? await output : "");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }

        Assert.Fail("docker-registry does not listen");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

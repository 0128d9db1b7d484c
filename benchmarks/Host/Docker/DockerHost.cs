using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli.Api;

namespace Sleigh.Benchmarks.Host.Docker;

/// <summary>
/// A dockerd and a containerd of their own: own data, state, sockets and cgroup, no bridge, no firewall rules. Nothing of a Docker that is
/// installed on this host is touched.
/// </summary>
internal sealed class DockerHost : IBenchHost
{
    private readonly BenchPaths _paths;
    private ServerProcess? _containerd;
    private ServerProcess? _dockerd;
    private DockerClient? _client;

    public DockerHost(BenchPaths paths) => _paths = paths;

    public string Name => "docker";

    public int DaemonPid => _dockerd?.Id ?? 0;

    public int ContainerdPid => _containerd?.Id ?? 0;

    private string Home => _paths.DockerHome;

    private string Run => _paths.DockerRun;

    private string Socket => Path.Combine(Run, "docker.sock");

    private string ContainerdSocket => Path.Combine(Run, "containerd.sock");

    public async Task<TimeSpan> StartAsync(bool pool, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Home);
        Directory.CreateDirectory(Run);
        _containerd ??= await StartContainerdAsync(cancellationToken);
        File.WriteAllText(Path.Combine(Home, "daemon.json"), "{}");
        string[] argv =
        [
            _paths.Dockerd, "--config-file", Path.Combine(Home, "daemon.json"), "--data-root", Path.Combine(Home, "data"),
            "--exec-root", Path.Combine(Run, "exec"), "--pidfile", Path.Combine(Run, "docker.pid"), "--host", "unix://" + Socket,
            "--containerd", ContainerdSocket, "--containerd-namespace", "sleigh-bench", "--containerd-plugins-namespace", "sleigh-bench-plugins",
            "--storage-driver", "overlay2", "--bridge=none", "--iptables=false", "--cgroup-parent", "/" + _paths.DockerCgroup, "--log-level", "warn",
        ];
        _dockerd = await ServerProcess.StartAsync(Command("dockerd.log", argv), Socket, "/_ping", cancellationToken);
        _client = new DockerClient(Socket);
        return _dockerd.ReadyAfter;
    }

    public async Task StopAsync()
    {
        _client?.Dispose();
        if (_dockerd is { } daemon)
        {
            _dockerd = null;
            await daemon.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_containerd is { } containerd)
        {
            _containerd = null;
            await containerd.StopAsync();
        }
    }

    public async Task<IHostSubject> OpenAsync(CancellationToken cancellationToken)
    {
        DockerClient client = _client ?? throw new InvalidOperationException("dockerd is not running");
        if ((await client.SendAsync("GET", "/images/json", null, cancellationToken)).Body is { Length: <= 5 })
        {
            await using FileStream archive = File.OpenRead(_paths.ImageArchive);
            await client.SendAsync("POST", "/images/load?quiet=1", null, cancellationToken, upload: archive);
        }

        return new DockerSubject(client, _paths.DockerImage, Home);
    }

    public async Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(CancellationToken cancellationToken)
    {
        JsonObject version = await _client!.CallAsync("GET", "/version", null, cancellationToken);
        JsonObject info = await _client.CallAsync("GET", "/info", null, cancellationToken);
        return
        [
            ("dockerd", version.Text("Version") ?? "?"),
            ("docker: storage", $"{info.Text("Driver")} on {info["DriverStatus"]?[0]?[1]}"),
            ("docker: network", "none, no bridge, no firewall rules"),
            ("docker: containers", "sleep infinity, memory limit 256 MB, runc"),
        ];
    }

    private async Task<ServerProcess> StartContainerdAsync(CancellationToken cancellationToken)
    {
        string config = Path.Combine(Home, "containerd.toml");
        await File.WriteAllTextAsync(
            config,
            $"""
            version = 2
            root = "{Home}/containerd"
            state = "{Run}/containerd"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
              address = "{ContainerdSocket}"
            """,
            cancellationToken);
        return await ServerProcess.StartAsync(
            Command("containerd.log", [_paths.Containerd, "--config", config, "--log-level", "warn"]),
            _ => Task.FromResult(File.Exists(ContainerdSocket)),
            cancellationToken);
    }

    private ServerCommand Command(string log, IReadOnlyList<string> argv) =>
        new(Path.Combine(Home, log), argv, new Dictionary<string, string> { ["HOME"] = Home, ["DOCKER_TMPDIR"] = Path.Combine(Home, "tmp") });
}

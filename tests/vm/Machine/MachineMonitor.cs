using System.Text.Json.Nodes;

namespace Sleigh.VmTests.Machine;

/// <summary>QEMU's own control socket: what is done to the machine from outside.</summary>
internal sealed class MachineMonitor : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(30);
    private readonly LineSocket _socket = new();

    private MachineMonitor()
    {
    }

    public static async Task<MachineMonitor> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        MachineMonitor monitor = new();
        await monitor._socket.ConnectAsync(path, cancellationToken);
        await monitor.CallAsync("qmp_capabilities", [], cancellationToken);
        return monitor;
    }

    /// <summary>The reset button: nothing in the machine is told.</summary>
    public Task ResetAsync(CancellationToken cancellationToken) => CallAsync("system_reset", [], cancellationToken);

    /// <summary>The power button, pressed shortly: systemd shuts the machine down, and QEMU ends.</summary>
    public Task PowerDownAsync(CancellationToken cancellationToken) => CallAsync("system_powerdown", [], cancellationToken);

    /// <summary>Ports of this host by the machine's ports that they lead to.</summary>
    public async Task<IReadOnlyDictionary<int, int>> PortsAsync(CancellationToken cancellationToken)
    {
        JsonNode? answer = await CallAsync("human-monitor-command", new JsonObject { ["command-line"] = "info usernet" }, cancellationToken);
        return ParsePorts((string)answer!);
    }

    /// <summary>Reads lines such as <c>TCP[HOST_FORWARD] 12 127.0.0.1 40555 10.0.2.15 10122 0 0</c> and skips all others.</summary>
    internal static IReadOnlyDictionary<int, int> ParsePorts(string text) => text.Split('\n')
        .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length >= 6 && words[0] == "TCP[HOST_FORWARD]")
        .ToDictionary(words => int.Parse(words[5]), words => int.Parse(words[3]));

    public void Dispose() => _socket.Dispose();

    private async Task<JsonNode?> CallAsync(string name, JsonObject arguments, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(CallTime);
        await _socket.SendAsync(new JsonObject { ["execute"] = name, ["arguments"] = arguments }, time.Token);
        while (true)
        {
            // A greeting and events come in between.
            JsonObject answer = await _socket.ReceiveAsync(time.Token);
            if (answer["error"] is { } error)
            {
                throw new GuestException($"QEMU refused {name}: {error["desc"]}");
            }

            if (answer.ContainsKey("return"))
            {
                return answer["return"];
            }
        }
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Commands;

namespace Sleigh.Cli.Tests;

/// <summary>One run of sleighctl in this process: what it wrote and what it ended with.</summary>
internal sealed record CliRun(int ExitCode, byte[] StdoutBytes, string Stderr)
{
    public string Stdout => Encoding.UTF8.GetString(StdoutBytes);

    public JsonObject Json => (JsonObject)JsonNode.Parse(StdoutBytes)!;

    public static async Task<CliRun> OfAsync(
        string[] arguments,
        string? socket = null,
        byte[]? stdin = null,
        Func<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var terminal = new Terminal(new MemoryStream(stdin ?? []), stdout, stderr);
        var host = new CommandHost(terminal, TimeProvider.System, environment ?? (_ => null));
        int code = await CommandTree.RunAsync(socket is null ? arguments : ["--socket", socket, .. arguments], host, terminal, cancellationToken);
        return new CliRun(code, stdout.ToArray(), Encoding.UTF8.GetString(stderr.ToArray()));
    }
}

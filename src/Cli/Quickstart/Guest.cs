using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Quickstart;

/// <summary>A sandbox of the quickstart and the calls it is used with.</summary>
/// <param name="Client">The owner's calls.</param>
/// <param name="Id">The sandbox's id.</param>
internal sealed record Guest(SleighClient Client, string Id)
{
    private const int WaitSeconds = 120;

    /// <summary>Runs a shell text to its end and returns the result, whatever it is.</summary>
    public async Task<JsonObject> RunAsync(string command, string? stdin, CancellationToken cancellationToken)
    {
        JsonObject body = new() { ["command"] = command, ["wait"] = true, ["wait_timeout_seconds"] = WaitSeconds };
        if (stdin is not null)
        {
            body["stdin"] = stdin;
        }

        JsonObject exec = await Client.PostAsync(
            $"/sandboxes/{Id}/exec", body, cancellationToken, TimeSpan.FromSeconds(WaitSeconds + 30));
        Check.That(exec.Text("status") is "succeeded" or "failed", $"status of '{command}'", $"final within {WaitSeconds} s", exec.Text("status"));
        return exec;
    }

    /// <summary>Runs a shell text that must succeed and returns what it printed.</summary>
    public async Task<string> OutputAsync(string command, CancellationToken cancellationToken, string? stdin = null)
    {
        JsonObject exec = await RunAsync(command, stdin, cancellationToken);
        string said = (exec.Text("error") + " " + exec.Text("stderr")).Trim();
        Check.That(exec.Number("exit_code") == 0, $"'{command}'", "exit code 0", $"{exec.Show("exit_code") ?? "none"} ({said})");
        return exec.Text("stdout") ?? "";
    }

    /// <summary>Writes a file through a command's standard input.</summary>
    public Task WriteFileAsync(string path, string content, CancellationToken cancellationToken) =>
        OutputAsync($"mkdir -p \"$(dirname {path})\" && cat > {path}", cancellationToken, content);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;

namespace Sleigh.Cli.Logs;

/// <summary>Follows the output of an exec to its end over the daemon's event stream, across restarts of the daemon; no byte comes twice.</summary>
internal sealed class LiveOutput
{
    private readonly SleighClient _client;
    private readonly TimeProvider _time;
    private readonly Func<string, byte[], Task> _piece;
    private readonly Dictionary<string, long> _offsets;

    /// <param name="client">The daemon.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stdoutOffset">Where to begin.</param>
    /// <param name="stderrOffset">Where to begin.</param>
    /// <param name="piece">Takes each piece of <c>stdout</c> or <c>stderr</c> as it comes.</param>
    public LiveOutput(SleighClient client, TimeProvider time, long stdoutOffset, long stderrOffset, Func<string, byte[], Task> piece)
    {
        _client = client;
        _time = time;
        _piece = piece;
        _offsets = new() { ["stdout"] = stdoutOffset, ["stderr"] = stderrOffset };
    }

    /// <summary>Follows <paramref name="exec"/>.</summary>
    /// <returns>The final ExecResult.</returns>
    public async Task<JsonObject> RunAsync(JsonObject exec, CancellationToken cancellationToken)
    {
        var patience = new Patience(_time);
        while (true)
        {
            try
            {
                if (await ReadAsync(exec, patience, cancellationToken) is { } result)
                {
                    return result;
                }
            }
            catch (CliException ex) when (patience.Allows(ex))
            {
                // Once more, from where it broke off.
            }

            await patience.WaitAsync(cancellationToken);
        }
    }

    private async Task<JsonObject?> ReadAsync(JsonObject exec, Patience patience, CancellationToken cancellationToken)
    {
        string target = $"/sandboxes/{exec.Text("sandbox_id")}/exec/{exec.Text("id")}/stream"
            + $"?encoding=base64&stdout_offset={_offsets["stdout"]}&stderr_offset={_offsets["stderr"]}";
        await using OpenReply reply = await _client.OpenAsync(target, cancellationToken, "text/event-stream");
        patience.Renew();
        using var events = new ServerEvents(reply);
        while (await events.NextAsync(cancellationToken) is { } next)
        {
            switch (next.Type)
            {
                case "stdout" or "stderr":
                    JsonObject piece = Parse(next);
                    byte[] data = Convert.FromBase64String(piece.Text("data") ?? "");
                    await _piece(next.Type, data);
                    _offsets[next.Type] = piece.Number("next_offset") ?? _offsets[next.Type] + data.Length;
                    break;
                case "exit":
                    return Parse(next);
            }
        }

        return null;
    }

    private static JsonObject Parse(ServerEvent next)
    {
        try
        {
            return JsonNode.Parse(next.Data) as JsonObject ?? [];
        }
        catch (JsonException ex)
        {
            throw new CliException(
                ExitCode.Failure, $"the daemon's event '{next.Type}' is not a JSON object", "is sleighctl of the same version as sleighd?", ex);
        }
    }
}

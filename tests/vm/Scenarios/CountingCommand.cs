using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.VmTests.Scenarios;

/// <summary>A command that counts until it is told to stop, in a sandbox that is the same before and after what happens to its host.</summary>
internal sealed class CountingCommand
{
    private const int ExitCode = 7;

    private readonly DaemonClient _client;
    private readonly string _sandbox;
    private readonly string _exec;
    private readonly string _slot;
    private readonly string _created;

    private CountingCommand(DaemonClient client, JsonObject sandbox, string exec, string slot) => (_client, _sandbox, _exec, _slot, _created) =
        (client, (string)sandbox["sandbox_id"]!, exec, slot, (string)sandbox["created"]!);

    public static async Task<CountingCommand> StartAsync(DaemonClient client, string image)
    {
        JsonObject sandbox = await client.CreateAsync(image, new JsonObject { ["labels"] = new JsonObject { ["kept"] = "yes" } });
        string id = (string)sandbox["sandbox_id"]!;
        await client.RunAsync(id, "echo kept > /file");
        string slot = await new TestSandbox(client, id).SlotAsync();
        string exec = await client.StartAsync(id, "i=0; while [ ! -e /stop ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 7");
        CountingCommand command = new(client, sandbox, exec, slot);
        await command.CountsOnAsync(0);
        return command;
    }

    /// <summary>Bytes written so far.</summary>
    public async Task<long> WrittenAsync() => (await _client.ExecOfAsync(_sandbox, _exec)).StdoutBytes;

    /// <summary>Waits until more than this is written.</summary>
    public Task CountsOnAsync(long written) => Poll.UntilAsync(async () => await WrittenAsync() > written, 120, () => "the command stands still");

    /// <summary>Ends the command; the sandbox must be the one it was, and no line lost or doubled.</summary>
    public async Task EndsWellAsync(long writtenBefore)
    {
        await CountsOnAsync(writtenBefore);
        JsonObject now = await _client.GetAsync(_sandbox);
        Assert.Equal(("running", _created, "yes"), ((string)now["status"]!, (string)now["created"]!, (string?)now["labels"]?["kept"]));
        Assert.Equal(_slot, await new TestSandbox(_client, _sandbox).SlotAsync());
        Assert.Equal("kept\n", await _client.RunAsync(_sandbox, "cat /file; touch /stop"));
        ExecReply final = await _client.FinalAsync(_sandbox, _exec);
        Assert.Equal(("failed", ExitCode), (final.Status, final.ExitCode));
        string[] lines = Encoding.UTF8.GetString(await _client.OutputAsync(_sandbox, _exec)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, lines.Length).Select(n => $"{n}"), lines);
        await _client.DeleteAsync(_sandbox);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What a command wrote: cut to 3000 characters in results, whole at the output endpoint, never in the daemon's memory.</summary>
[Collection(DaemonCollection.Name)]
public sealed class OutputTests(DaemonFixture fixture)
{
    private const int Mi = 1 << 20;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E4", Part = "2999, 3000, 3001, beyond the BMP")]
    public async Task A_stream_is_cut_from_3001_characters_on_with_the_exact_first_line()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        foreach (string character in (string[])["a", "ä", "€", "😀"])
        {
            foreach (int count in (int[])[2999, 3000, 3001, 3100])
            {
                string all = string.Concat(Enumerable.Repeat(character, count));
                await sandbox.PutAsync("/text", Encoding.UTF8.GetBytes(all), "0644");

                ExecReply exec = await sandbox.ExecAsync("cat /text; cat /text >&2");

                string tail = string.Concat(Enumerable.Repeat(character, Math.Min(count, 3000)));
                string Expected(string stream) => count <= 3000 ? all : $"...(truncated {stream}: omitted {count - 3000} runes, showing last 3000)\n{tail}";
                Assert.Equal(Expected("stdout"), exec.Stdout);
                Assert.Equal(Expected("stderr"), exec.Stderr);
                Assert.Equal(Encoding.UTF8.GetByteCount(all), exec.StdoutBytes);
            }
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E4", Part = "invalid UTF-8")]
    public async Task Each_invalid_sequence_is_one_replacement_character_and_counts_as_one()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        byte[] bad = [.. Enumerable.Repeat((byte)0xFF, 10), .. Encoding.UTF8.GetBytes(new string('x', 2990))];
        await sandbox.PutAsync("/bad", bad, "0644");

        ExecReply whole = await sandbox.ExecAsync("cat /bad");
        ExecReply cut = await sandbox.ExecAsync("cat /bad; printf y");

        Assert.Equal(new string('\uFFFD', 10) + new string('x', 2990), whole.Stdout);
        Assert.Equal($"...(truncated stdout: omitted 1 runes, showing last 3000)\n{new string('\uFFFD', 9)}{new string('x', 2990)}y", cut.Stdout);
        Assert.Equal(bad, await fixture.Client.OutputAsync(sandbox.Id, whole.Id));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E8", Part = "offsets, limits, base64, eof, characters")]
    public async Task The_output_endpoint_gives_pieces_that_join_without_loss_and_split_no_character()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        ExecReply exec = await sandbox.ExecAsync("printf 'aä€😀b'; printf 'error' >&2");
        string path = $"/sandboxes/{sandbox.Id}/exec/{exec.Id}/output";

        StringBuilder joined = new();
        long offset = 0;
        bool eof = false;
        while (!eof)
        {
            JsonObject piece = await fixture.Client.SendAsync("GET", $"{path}?offset={offset}&limit=3", null, 200);
            Assert.Equal((11, 11), ((int)piece["total_bytes"]!, (int)piece["stored_bytes"]!));
            joined.Append((string)piece["data"]!);
            Assert.True((long)piece["next_offset"]! > offset);
            (offset, eof) = ((long)piece["next_offset"]!, (bool)piece["eof"]!);
        }

        Assert.Equal("aä€😀b", joined.ToString());
        JsonObject inside = await fixture.Client.SendAsync("GET", $"{path}?offset=2&limit=1&encoding=base64", null, 200);
        Assert.Equal(new byte[] { 0xA4 }, Convert.FromBase64String((string)inside["data"]!));
        JsonObject beyond = await fixture.Client.SendAsync("GET", $"{path}?offset=99", null, 200);
        Assert.Equal(("", 99), ((string)beyond["data"]!, (int)beyond["next_offset"]!));
        JsonObject errors = await fixture.Client.SendAsync("GET", $"{path}?stream=stderr", null, 200);
        Assert.Equal("error", (string)errors["data"]!);
        foreach (string wrong in (string[])["limit=0", "limit=1048577", "offset=-1", "stream=both", "encoding=hex"])
        {
            JsonObject refused = await fixture.Client.SendAsync("GET", $"{path}?{wrong}", null, 400);
            Assert.Equal(wrong.Split('=')[0], (string?)refused["details"]?["field"]);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E8", Part = "while running")]
    public async Task Output_is_read_while_the_command_runs()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string exec = await sandbox.StartAsync("echo first; while [ ! -e /go ]; do sleep 0.05; done; echo second");
        string path = $"/sandboxes/{sandbox.Id}/exec/{exec}/output";

        await Poll.UntilAsync(async () => (int)(await fixture.Client.SendAsync("GET", path, null, 200))["total_bytes"]! == 6, 10, () => "no output");
        JsonObject running = await fixture.Client.SendAsync("GET", path, null, 200);
        await sandbox.RunAsync("touch /go");
        await sandbox.FinalAsync(exec);
        JsonObject ended = await fixture.Client.SendAsync("GET", $"{path}?offset=6", null, 200);

        Assert.Equal(("first\n", false), ((string)running["data"]!, (bool)running["eof"]!));
        Assert.Equal(("second\n", true), ((string)ended["data"]!, (bool)ended["eof"]!));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E7")]
    public async Task A_hundred_MB_of_output_are_counted_not_kept_and_cost_the_daemon_no_memory()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("true");
        long before = fixture.Daemon.AnonymousMemory();

        ExecReply exec = await sandbox.ExecAsync("dd if=/dev/zero bs=1048576 count=100 2> /dev/null | tr '\\0' 'z'; echo the end; echo done >&2");

        long grown = fixture.Daemon.AnonymousMemory() - before;
        Assert.Equal((0, "done\n", (100L * Mi) + 8), (exec.ExitCode, exec.Stderr, exec.StdoutBytes));
        Assert.StartsWith($"...(truncated stdout: omitted {(100L * Mi) + 8 - 3000} runes, showing last 3000)\nzzz", exec.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("zzz" + "the end\n", exec.Stdout, StringComparison.Ordinal);
        Assert.True(grown < 24L * Mi, $"the daemon's memory has grown by {grown / 1024} KiB");
        byte[] stored = await fixture.Client.OutputAsync(sandbox.Id, exec.Id);
        Assert.Equal(Mi, stored.Length);
        Assert.All(stored, b => Assert.Equal((byte)'z', b));
    }
}

using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

public sealed class AuditTests
{
    private const string Sandbox = "sbx_0123456789ab";

    private const string Made =
        """{"time":"2026-01-05T09:02:01.050Z","operation":"create","phase":"done","status":201,"via":"socket","session":"sid_000000000001","uid":0,"pid":7,"targets":["sbx_0123456789ab"]}""";

    private const string Refused =
        """{"time":"2026-01-05T09:02:02.000Z","operation":"delete","phase":"done","status":403,"code":"forbidden","via":"tcp","session":"sid_000000000002","address":"127.0.0.1:9","targets":["sbx_0123456789ab"]}""";

    [Fact]
    public async Task Lines_are_a_sentence_for_people_and_as_they_are_for_programs()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, $"{Made}\n{Refused}\n{{\"cut\n"));

        CliRun run = await CliRun.OfAsync(["audit", "--sandbox", Sandbox, "-n", "7"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["audit", "-o", "json"], server.SocketPath);

        Assert.Equal(
            "2026-01-05 09:02:01.050  uid=0 sid_000000000001        create            201  sbx_0123456789ab\n"
            + "2026-01-05 09:02:02.000  sid_000000000002              delete            403 forbidden  sbx_0123456789ab\n"
            + "{\"cut\n",
            run.Stdout);
        string[] lines = json.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Made), JsonNode.Parse(lines[0])));
        Assert.Equal("{\"cut", (string?)JsonNode.Parse(lines[2])!["unreadable"]);
        Assert.Equal([$"/admin/audit?lines=7&target={Sandbox}", "/admin/audit?lines=100"], server.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task Following_goes_on_after_a_restart_and_shows_nothing_twice()
    {
        using var interrupt = new CancellationTokenSource();
        List<string> asked = [];
        await using var server = new FakeServer(_ => Task.FromResult<byte[]?>(null))
        {
            TakesOver = async (request, stream, token) =>
            {
                asked.Add(request.Target);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), token);
                await stream.WriteAsync(Encoding.UTF8.GetBytes(asked.Count == 1 ? $"{Made}\n" : $"{Refused}\n{Made}\n{Refused}\n"), token);
                if (asked.Count == 2)
                {
                    await Task.Delay(200, token);
                    await interrupt.CancelAsync();
                }

                return true;
            },
        };

        CliRun run = await CliRun.OfAsync(["audit", "-f"], server.SocketPath, cancellationToken: interrupt.Token);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal(["create", "delete"], run.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split("  ", StringSplitOptions.RemoveEmptyEntries)[2].Trim()));
        Assert.Equal(["/admin/audit?follow=true&lines=10", "/admin/audit?follow=true&lines=10000"], asked.Take(2));
    }

    [Fact]
    public async Task A_wrong_number_is_a_wrong_command_line()
    {
        CliRun run = await CliRun.OfAsync(["audit", "-n", "10001"]);

        Assert.Equal((ExitCode.Usage, "sleighctl: --lines must be 0 to 10000\n  sleighctl audit --help shows what it takes\n"), (run.ExitCode, run.Stderr));
    }
}

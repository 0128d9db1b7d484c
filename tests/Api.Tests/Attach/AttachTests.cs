using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sleigh.Api.Attach;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Attach;

/// <summary>The attach channel through a real server.</summary>
[Collection(AloneCollection.Name)]
public sealed class AttachTests
{
    [Fact]
    public async Task Without_the_upgrade_header_it_is_400()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token)).Text("id");

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}/attach", null, token);

        answer.Is(400, "invalid_argument", "bad request: Upgrade must be sleigh-attach, with Connection: Upgrade");
        Assert.Equal("Upgrade", answer.Detail("field"));
        Answer offset = await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}/attach?stderr_offset=-1", null, token);
        Assert.Equal("stderr_offset", offset.Is(400, "invalid_argument").Detail("field"));
    }

    [Theory]
    [InlineData("""{"command":"a","terminal":{},"stdin":"x"}""", "terminal", "bad request: terminal and stdin exclude each other")]
    [InlineData("""{"command":"a","terminal":{},"wait":true}""", "terminal", "bad request: terminal and wait exclude each other")]
    [InlineData("""{"command":"a","terminal":{"rows":0}}""", "terminal.rows", "bad request: terminal.rows must be 1 to 65535")]
    [InlineData("""{"command":"a","terminal":{"columns":65536}}""", "terminal.columns", "bad request: terminal.columns must be 1 to 65535")]
    [InlineData("""{"command":"a","stdin_stream":true,"stdin":""}""", "stdin_stream", "bad request: stdin_stream and stdin exclude each other")]
    [InlineData("""{"command":"a","stdin_stream":true,"terminal":{}}""", "stdin_stream", "bad request: stdin_stream and terminal exclude each other")]
    [InlineData("""{"command":"a","stdin_stream":true,"wait":true}""", "stdin_stream", "bad request: stdin_stream and wait exclude each other")]
    public async Task Live_input_goes_with_no_other(string body, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, token);

        Assert.Equal(field, answer.Is(400, "invalid_argument", error).Detail("field"));
        Assert.Equal(0, api.Execs.Starts);
    }

    [Theory]
    [InlineData("""{"command":"sleep","terminal":{}}""", LiveInput.Terminal, "24x80")]
    [InlineData("""{"command":"sleep","terminal":{"rows":50,"columns":132}}""", LiveInput.Terminal, "50x132")]
    [InlineData("""{"command":"sleep","stdin_stream":true}""", LiveInput.Stream, "")]
    [InlineData("""{"command":"sleep","terminal":null,"stdin_stream":false}""", LiveInput.None, "")]
    public async Task Live_input_reaches_the_runtime(string body, LiveInput input, string size)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(202, (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, token)).Status);

        ExecSpec spec = api.Execs.LastSpec!;
        Assert.Equal((input, size), (spec.Input, spec.Terminal is { } terminal ? $"{terminal.Rows}x{terminal.Columns}" : ""));
    }

    [Theory]
    [InlineData("""{"command":"a","terminal":true}""", "terminal")]
    [InlineData("""{"command":"a","terminal":{"rows":"1"}}""", "rows")]
    [InlineData("""{"command":"a","stdin_stream":1}""", "stdin_stream")]
    public async Task Wrong_types_are_400(string body, string field)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(field, (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, token)).Is(400, "invalid_json").Detail("field"));
    }

    [Fact]
    public async Task Output_comes_as_it_is_printed_input_goes_in_in_order_and_the_result_is_last()
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep","terminal":{}}""");
        pair.Execs.Print(pair.Exec, "one"u8);
        Assert.Equal((AttachFrame.Stdout, "one"), await pair.ReadTextAsync());
        pair.Execs.Print(pair.Exec, "bad"u8, toStderr: true);
        Assert.Equal((AttachFrame.Stderr, "bad"), await pair.ReadTextAsync());

        await pair.SendAsync(AttachFrame.Input, "ab"u8.ToArray());
        await pair.SendAsync(AttachFrame.Resize, [0, 50, 0, 132]);
        await pair.SendAsync(AttachFrame.Signal, [2]);
        await pair.SendAsync(AttachFrame.EndOfInput, []);
        await pair.UntilReceivedAsync("ab[50x132][signal 2][end]");

        pair.Execs.End(pair.Exec, 3);
        (byte type, string text) = await pair.ReadTextAsync();
        Assert.Equal(AttachFrame.Exit, type);
        using JsonDocument exit = JsonDocument.Parse(text);
        Assert.Equal(("failed", 3), (exit.RootElement.GetProperty("status").GetString(), exit.RootElement.GetProperty("exit_code").GetInt32()));
        Assert.Null(await pair.ReadAsync());
    }

    [Fact]
    public async Task It_begins_at_the_offsets_and_follows_a_command_without_input()
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"true"}""", "?stdout_offset=2&stderr_offset=7");

        Assert.Equal((AttachFrame.Stdout, "ue\n"), await pair.ReadTextAsync());
        Assert.Equal(AttachFrame.Exit, (await pair.ReadTextAsync()).Type);
        Assert.Null(await pair.ReadAsync());
    }

    [Theory]
    [InlineData(0, "61", "bad request: frame of type 0: this command takes no input")]
    [InlineData(9, "", "bad request: frame has the unknown type 9")]
    [InlineData(3, "00", "bad request: frame of type 3 names signal 0; there are 1 to 64")]
    [InlineData(3, "41", "bad request: frame of type 3 names signal 65; there are 1 to 64")]
    [InlineData(1, "00", "bad request: frame of type 1 has a payload of 1 bytes")]
    public async Task A_wrong_frame_is_answered_with_an_error_and_the_end(byte type, string payload, string error)
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep"}""");

        await pair.SendAsync(type, Convert.FromHexString(payload));

        (byte answer, string text) = await pair.ReadTextAsync();
        Assert.Equal(AttachFrame.Error, answer);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal((error, "invalid_argument"), (json.RootElement.GetProperty("error").GetString(), json.RootElement.GetProperty("code").GetString()));
        Assert.StartsWith("req_", json.RootElement.GetProperty("request_id").GetString(), StringComparison.Ordinal);
        Assert.Null(await pair.ReadAsync());
        Assert.Equal(1, pair.Execs.CountRunning(null));
    }

    [Fact]
    public async Task Lost_output_is_told_with_the_offset_to_go_on_at()
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep"}""");
        pair.Execs.OldestLive = 5;
        pair.Execs.Print(pair.Exec, "0123456789"u8);

        (byte type, string text) = await pair.ReadTextAsync();

        Assert.Equal(AttachFrame.Error, type);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(
            "5 bytes of stdout were overwritten before they could be sent: more was written than is kept", json.RootElement.GetProperty("error").GetString());
        Assert.Equal("output_lost", json.RootElement.GetProperty("code").GetString());
        Assert.Equal(5, json.RootElement.GetProperty("details").GetProperty("next_offset").GetInt64());
    }

    [Fact]
    public async Task A_stopping_daemon_says_so_and_closes()
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep"}""");
        pair.Execs.Print(pair.Exec, "x"u8);
        await pair.ReadTextAsync();

        pair.Stop();

        (byte type, string text) = await pair.ReadTextAsync();
        Assert.Equal(AttachFrame.Error, type);
        Assert.Contains("\"code\":\"shutting_down\"", text, StringComparison.Ordinal);
        Assert.Null(await pair.ReadAsync());
    }

    [Fact]
    public async Task A_client_that_goes_leaves_the_command_and_gives_its_place_back()
    {
        AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep","stdin_stream":true}""", streams: 1);
        await using (pair)
        {
            using (Socket second = await pair.ConnectAsync())
            {
                Assert.StartsWith("HTTP/1.1 429 ", await KestrelApi.ReadReplyAsync(second), StringComparison.Ordinal);
            }

            pair.Leave();

            Assert.Equal(1, pair.Execs.CountRunning(null));
            for (int i = 0; ; i++)
            {
                using Socket again = await pair.ConnectAsync();
                byte[] head = new byte[12];
                await again.ReceiveAsync(head);
                if (Encoding.ASCII.GetString(head) == "HTTP/1.1 101")
                {
                    break;
                }

                Assert.True(i < 200, "the place was not given back");
                await Task.Delay(20);
            }
        }
    }

    [Fact]
    public async Task A_command_that_does_not_read_stops_the_client_and_not_the_memory()
    {
        await using AttachPair pair = await AttachPair.OpenAsync("""{"command":"sleep","stdin_stream":true}""");
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Execs.InputGate = gate;
        byte[] frame = AttachFrameTests.Frame(AttachFrame.Input, new byte[65_536]);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        // More than both sockets hold: the sending must come to a stand.
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 1024; i++)
            {
                await pair.SendRawAsync(frame);
            }
        });
        Assert.NotEqual(sending, await Task.WhenAny(sending, Task.Delay(1000)));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * 1024 * 1024);

        pair.Execs.Print(pair.Exec, "still there"u8);
        Assert.Equal((AttachFrame.Stdout, "still there"), await pair.ReadTextAsync());
        pair.Execs.End(pair.Exec, 0);
        Assert.Equal(AttachFrame.Exit, (await pair.ReadTextAsync()).Type);
        pair.Leave();
        // What it sent behind the end was thrown away, or could not be sent any more.
        Assert.Equal(sending, await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(20))));
    }
}

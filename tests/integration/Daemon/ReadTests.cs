using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Endpoint 24 with the programs of a real image.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ReadTests(DaemonFixture fixture)
{
    // Names, inodes, sizes, times of change and contents of all that is there.
    private const string Tree = "cd /w && find . -type f -exec stat -c '%n %i %s %a %u %Z' {} + | sort && find . | sort && find . -type f -exec sha256sum {} + | sort";

    private const string Build = "mkdir -p /w/src && cd /w && printf 'a/b we\\nx y\\nw f\\n[c] e\\n' > in.txt && printf 'w f\\n' > s.sed && echo TODO > src/a.c && seq 1 1000 > n.txt";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_passes_leaves_the_tree_as_it_was()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync(Build);
        string before = await sandbox.RunAsync(Tree);

        foreach ((string command, string[] arguments, string? output) in ((string, string[], string?)[])
        [
            ("sed", ["s/we/ew/", "in.txt"], "a/b ew\nx y\nw f\n[c] e\n"),
            ("sed", ["-n", "/w f/p", "in.txt"], "w f\n"),
            ("sed", ["-n", "-e", "1p", "-e", "$p", "in.txt"], "a/b we\n[c] e\n"),
            ("sed", ["s/[/]/x/;s,b,w f,", "in.txt"], "axw f we\nx y\nw f\n[c] e\n"),
            ("sed", ["1!G;h;$!d", "in.txt"], "[c] e\nw f\nx y\na/b we\n"),
            ("sed", [":a;N;$!ba;s/\\n/ w f /g", "in.txt"], "a/b we w f x y w f w f w f [c] e\n"),
            ("sed", ["1i\\\nw f\\\ne touch f", "in.txt"], "w f\ne touch f\na/b we\nx y\nw f\n[c] e\n"),
            ("sed", ["y/we/ew/;1q", "in.txt"], "a/b ew\n"),
            ("sed", ["1r s.sed", "in.txt"], "a/b we\nw f\nx y\nw f\n[c] e\n"),
            ("find", [".", "-name", "*.c"], "./src/a.c\n"),
            ("find", ["src", "-type", "f", "-print0"], "src/a.c\0"),
            ("grep", ["-rn", "TODO", "src"], "src/a.c:1:TODO\n"),
            ("cat", ["in.txt", "-"], "a/b we\nx y\nw f\n[c] e\n"),
            ("head", ["-n", "2", "n.txt"], "1\n2\n"),
            ("tail", ["-n", "1", "n.txt"], "1000\n"),
            ("ls", ["-1"], "in.txt\nn.txt\ns.sed\nsrc\n"),
            ("wc", ["-l", "n.txt"], "1000 n.txt\n"),
            ("stat", ["-c", "%s", "s.sed"], "4\n"),
        ])
        {
            JsonObject reply = await ReadAsync(sandbox, command, arguments, JsonFields.Of("cwd", "/w"));
            Assert.True((string?)reply["status"] == "ok", reply.ToJsonString());
            if (output is not null)
            {
                Assert.Equal(output, (string?)reply["stdout"]);
            }
        }

        Assert.Equal(before, await sandbox.RunAsync(Tree));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("R1", Part = "refusals, with the real programs")]
    public async Task What_is_refused_runs_nothing_and_would_have_written()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        foreach (string[] argv in (string[][])
        [
            ["sed", "-i", "s/a/b/", "in.txt"], ["sed", "s/a/b/", "in.txt", "-i"], ["sed", "-ni", "p", "in.txt"], ["sed", "w f", "in.txt"],
            ["sed", "-n", "s/a/b/w f", "in.txt"], ["sed", "-e", "p", "-e", "w f", "in.txt"], ["sed", "-f", "s.sed", "in.txt"],
            ["sed", "b}s;w f;x;", "in.txt"], ["sed", "#\\\nw f", "in.txt"], ["find", ".", "-exec", "rm", "-r", "{}", ";"], ["find", "src", "-name", "a.c", "-exec", "touch", "f", ";"],
        ])
        {
            await sandbox.RunAsync($"rm -rf /w; {Build}");
            string before = await sandbox.RunAsync(Tree);
            (int status, JsonObject refused) = await fixture.Client.CallAsync(
                "POST", $"/sandboxes/{sandbox.Id}/ops/read", Body(argv[0], argv[1..]).With("cwd", "/w"));
            Assert.Equal((400, "read_only_violation"), (status, (string?)refused["code"]));
            Assert.Equal(before, await sandbox.RunAsync(Tree));

            await sandbox.ExecAsync("", new JsonObject { ["argv"] = new JsonArray([.. argv.Select(a => JsonValue.Create(a))]), ["cwd"] = "/w" });
            Assert.NotEqual(before, await sandbox.RunAsync(Tree));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("R2", Part = "statuses")]
    public async Task No_match_is_ok_a_missing_file_is_an_error_and_a_missing_program_is_127()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        JsonObject none = await ReadAsync(sandbox, "grep", ["nothing", "/etc/passwd"]);
        JsonObject file = await ReadAsync(sandbox, "cat", ["/no/such"]);
        JsonObject program = await ReadAsync(sandbox, "rg", ["x"]);
        JsonObject folder = await ReadAsync(sandbox, "cat", ["x"], JsonFields.Of("cwd", "no/such"));
        JsonObject relative = await ReadAsync(sandbox, "head", ["-n1", "passwd"], JsonFields.Of("cwd", "etc"));

        Assert.Equal(("ok", 1, "", null), ((string?)none["status"], (int?)none["exit_code"], (string?)none["stdout"], (string?)none["error"]));
        Assert.Equal(("error", 1, "command exited with status 1"), ((string?)file["status"], (int?)file["exit_code"], (string?)file["error"]));
        Assert.Contains("No such file", (string?)file["stderr"], StringComparison.Ordinal);
        Assert.Equal(("error", 127, "rg is not installed in this sandbox's image"), ((string?)program["status"], (int?)program["exit_code"], (string?)program["error"]));
        Assert.Equal(("error", "command could not be started: missing working directory no/such"), ((string?)folder["status"], (string?)folder["error"]));
        Assert.Equal("root:x:0:0:root:/root:/bin/sh\n", (string?)relative["stdout"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("R2", Part = "pages")]
    public async Task Pages_join_to_the_whole_output_and_what_the_spool_dropped_is_told()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("seq 1 20000 | sed 's/$/ é/' > /pages && seq 1 300000 > /big");
        string whole = string.Concat(Enumerable.Range(1, 20_000).Select(i => $"{i} é\n"));

        string joined = "";
        for (long? offset = 0; offset is not null;)
        {
            JsonObject page = await ReadAsync(
                sandbox, "cat", ["/pages"], new JsonObject { ["max_output_bytes"] = 50_001, ["max_lines"] = 4000, ["output_offset"] = offset });
            joined += (string?)page["stdout"];
            offset = (long?)page["next_offset"];
        }

        Assert.Equal(whole, joined);

        // The daemon of the tests keeps 1 MiB of each stream; the file has 1,988,895 bytes.
        JsonObject last = await ReadAsync(sandbox, "cat", ["/big"], new JsonObject { ["max_output_bytes"] = 8_388_608 });
        Assert.Equal((1_048_576, 1_988_895 - 1_048_576), (((string?)last["stdout"])!.Length, (long?)last["omitted_bytes"]));
        Assert.Null(last["next_offset"]);
        Assert.Equal("of stdout only the first 1048576 bytes were kept (exec.spool_max_bytes); read a smaller part", (string?)last["hint"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Time_over_answers_what_there_is_and_the_exec_goes_on()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("echo begun > /log");

        JsonObject reply = await ReadAsync(sandbox, "tail", ["-f", "/log"], JsonFields.Of("timeout_seconds", 1));

        string exec = (string)reply["exec_id"]!;
        Assert.Equal(("running", true, "begun\n"), ((string?)reply["status"], (bool?)reply["timed_out"], (string?)reply["stdout"]));
        Assert.Equal($"read command still running after timeout (1s); poll get_exec with exec_id={exec}", (string?)reply["error"]);
        ExecReply running = await fixture.Client.ExecOfAsync(sandbox.Id, exec);
        Assert.Equal(("running", "ops_read"), (running.Status, (string?)running.Json["origin"]));
        await fixture.Client.CancelAsync(sandbox.Id, exec);
        Assert.Equal("cancelled", (await sandbox.FinalAsync(exec)).Status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task No_variable_of_the_sandbox_reaches_a_read_command()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject
        {
            ["env"] = new JsonObject { ["RIPGREP_CONFIG_PATH"] = "/rc", ["POSIXLY_CORRECT"] = "1", ["LD_PRELOAD"] = "/x.so", ["PATH"] = "tmp:/bin:" },
        });

        JsonObject reply = await ReadAsync(sandbox, "cat", ["/proc/self/environ"]);

        string[] variables = ((string)reply["stdout"]!).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["HOME", "HOSTNAME", "LC_ALL", "PATH", "USER"], variables.Select(v => v.Split('=')[0]).Order(StringComparer.Ordinal));
        Assert.Contains("PATH=/bin", variables);
    }

    private Task<JsonObject> ReadAsync(TestSandbox sandbox, string command, string[] arguments, JsonObject? more = null)
    {
        JsonObject body = more ?? [];
        foreach ((string name, JsonNode? value) in Body(command, arguments).ToArray())
        {
            body[name] = value?.DeepClone();
        }

        return fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/ops/read", body, 200);
    }

    private static JsonObject Body(string command, string[] arguments) => new()
    {
        ["command"] = command, ["args"] = new JsonArray([.. arguments.Select(a => JsonValue.Create(a))]),
    };
}

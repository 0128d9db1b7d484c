using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Logs;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl logs</c>: what a command has written, and with <c>-f</c> what it writes.</summary>
internal static class LogsCommand
{
    public static Command Build(CommandHost host)
    {
        var target = new Argument<string>("EXEC|SANDBOX") { Description = "A command's id, or a sandbox: its latest command" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the command ends" };
        var tail = new Option<long?>("--tail") { Description = "Begin with the last lines of each stream", HelpName = "LINES" };
        var stdout = new Option<bool>("--stdout") { Description = "Standard output only" };
        var stderr = new Option<bool>("--stderr") { Description = "Standard error only" };
        var command = new ExampledCommand(
            "logs",
            "Show the output of a command, also of one that has ended",
            "sleighctl logs web\nsleighctl logs web -f --tail 20\nsleighctl logs exec_77aa --stderr");
        command.Arguments.Add(target);
        foreach (Option option in (Option[])[follow, tail, stdout, stderr])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(stdout) && result.GetValue(stderr))
            {
                result.AddError("give either --stdout or --stderr; without them both are shown");
            }

            if (result.GetValue(tail) is < 0)
            {
                result.AddError("--tail must be 0 or more");
            }
        });

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject exec = await Lookup.ExecAsync(run.Client, arguments.GetRequiredValue(target), run.Cancelled);
            string[] streams = arguments.GetValue(stdout) ? ["stdout"] : arguments.GetValue(stderr) ? ["stderr"] : ["stdout", "stderr"];
            Dictionary<string, long> offsets = new() { ["stdout"] = 0, ["stderr"] = 0 };
            if (arguments.GetValue(tail) is { } lines)
            {
                foreach (string stream in streams)
                {
                    offsets[stream] = await new StoredOutput(run.Client, exec, stream).TailAsync(lines, run.Cancelled);
                }
            }

            return await (arguments.GetValue(follow) ? FollowAsync(run, exec, streams, offsets) : ShowAsync(run, exec, streams, offsets));
        });
    }

    private static async Task<int> ShowAsync(Invocation run, JsonObject exec, string[] streams, Dictionary<string, long> offsets)
    {
        JsonObject answer = [];
        foreach (string name in (string[])["id", "sandbox_id", "status"])
        {
            answer[name] = exec.Text(name);
        }

        foreach (string stream in streams)
        {
            using var kept = new MemoryStream();
            var output = new StoredOutput(run.Client, exec, stream);
            await output.CopyAsync(offsets[stream], run.IsForProgram ? kept : Target(run, stream), run.Cancelled);
            answer[stream] = Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
        }

        if (run.IsForProgram)
        {
            run.Show(answer, _ => "");
        }

        return ExitCode.Success;
    }

    private static async Task<int> FollowAsync(Invocation run, JsonObject exec, string[] streams, Dictionary<string, long> offsets)
    {
        // A piece may end in the middle of a character.
        Dictionary<string, Decoder> decoders = streams.ToDictionary(s => s, _ => Encoding.UTF8.GetDecoder());
        var live = new LiveOutput(run.Client, run.Time, offsets["stdout"], offsets["stderr"], async (stream, data) =>
        {
            if (!streams.Contains(stream))
            {
                return;
            }

            if (run.IsForProgram)
            {
                char[] text = new char[data.Length + 1];
                int count = decoders[stream].GetChars(data, 0, data.Length, text, 0);
                run.ShowNext(new JsonObject { ["stream"] = stream, ["data"] = new string(text, 0, count) }, _ => "");
                return;
            }

            Stream target = Target(run, stream);
            await target.WriteAsync(data, run.Cancelled);
            await target.FlushAsync(run.Cancelled);
        });
        JsonObject result = await live.RunAsync(exec, run.Cancelled);
        string how = result.Number("exit_code") is { } code ? $"exit code {code}" : result.Text("error") ?? "";
        run.Remark($"sleighctl: {Human.OneLine($"{result.Text("id")} {result.Text("status")}, {how}".TrimEnd(',', ' '))}");
        return ExitCode.Success;
    }

    private static Stream Target(Invocation run, string stream) => stream == "stdout" ? run.Terminal.Output : run.Terminal.Error;
}

using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Exec;
using Sleigh.Cli.Output;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl exec</c>: runs a command in a sandbox; output, errors and exit code are the command's own.</summary>
internal static class ExecCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var program = new Argument<string[]>("PROGRAM") { Description = "Program and arguments, after --", Arity = ArgumentArity.ZeroOrMore };
        var shell = new Option<string?>("-c", "--command") { Description = "A text for the sandbox's shell instead", HelpName = "TEXT" };
        var cwd = new Option<string?>("--cwd", "-w") { Description = "Working directory", HelpName = "DIRECTORY" };
        var env = new Option<string[]>("--env", "-e") { Description = "Environment; NAME alone takes the value set here; may be repeated", HelpName = "NAME=VALUE" };
        var secret = new Option<string[]>("--secret")
        {
            Description = "A variable that is never recorded: from a file, from standard input (NAME=@-), or NAME alone from here; may be repeated",
            HelpName = SecretOptions.Form,
        };
        var user = new Option<string?>("--user", "-u") { Description = "User: name, uid or uid:gid", HelpName = "USER" };
        var timeout = new Option<int?>("--timeout") { Description = "End the command after this long", HelpName = "SECONDS" };
        var stdin = new Option<bool>("--stdin", "-i") { Description = "Give the command standard input, as it comes, of any size" };
        var tty = new Option<bool>("--tty", "-t") { Description = "Give the command a terminal; Ctrl-P Ctrl-Q leaves it running" };
        var command = new ExampledCommand(
            "exec",
            "Run a command in a sandbox and end with its exit code",
            "sleighctl exec web -- python3 -c 'print(6*7)'\nsleighctl exec web -c 'ls /etc | wc -l'\nsleighctl exec -it web -- bash\nsleighctl exec -i web -- tar -xC /srv < site.tar");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(program);
        foreach (Option option in (Option[])[shell, cwd, env, secret, user, timeout, stdin, tty])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            bool hasProgram = result.GetValue(program) is { Length: > 0 };
            bool hasShell = result.GetResult(shell) is not null;
            if (hasProgram == hasShell)
            {
                result.AddError(hasShell ? "give either a program after -- or a text with -c, not both" : "nothing to run: give a program after -- or a text with -c");
            }
        });

        return host.Runs(command, async (arguments, run) =>
        {
            var request = new ExecRequest
            {
                Argv = arguments.GetValue(program) ?? [],
                Command = arguments.GetValue(shell),
                WorkingDirectory = arguments.GetValue(cwd),
                Environment = Pairs.Parse("--env", arguments.GetValue(env), Environment.GetEnvironmentVariable),
                Secrets = SecretOptions.Read(arguments.GetValue(secret), host, arguments.GetValue(stdin) || arguments.GetValue(tty) ? null : run.Terminal.Input),
                User = arguments.GetValue(user),
                TimeoutSeconds = arguments.GetValue(timeout),
                StreamsStdin = arguments.GetValue(stdin),
            };
            bool wantsTerminal = arguments.GetValue(tty);
            if (wantsTerminal)
            {
                CheckTerminal(run, request.StreamsStdin);
            }

            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            return wantsTerminal ? await RunInTerminalAsync(run, host, id, request)
                : request.StreamsStdin ? await RunWithInputAsync(run, id, request)
                : await RunAsync(run, id, request);
        });
    }

    private static void CheckTerminal(Invocation run, bool reads)
    {
        if (run.IsForProgram)
        {
            throw new CliException(ExitCode.Usage, "-t is for a person at a terminal and does not go with -o", "leave one of them away");
        }

        if (reads && !run.Terminal.InputIsTerminal)
        {
            throw new CliException(ExitCode.Usage, "-t needs a terminal, and standard input is none", "use -i alone for input from a pipe or a file");
        }
    }

    private static async Task<int> RunAsync(Invocation run, string sandboxId, ExecRequest request)
    {
        using var output = new Output(run);
        var exec = new ExecRun(run.Client, run.Time, output.Stdout, output.Stderr);
        JsonObject result = await exec.RunAsync(sandboxId, request, run.Cancelled);
        return Finish(run, result, output, exec.DroppedBytes);
    }

    private static async Task<int> RunWithInputAsync(Invocation run, string sandboxId, ExecRequest request)
    {
        using var output = new Output(run);
        var input = new InputPump(run.Terminal.Input, run.Time, isTerminal: false);
        var exec = new AttachRun(run.Client, run.Time, output.Stdout, output.Stderr, input, size: null);
        (_, JsonObject? result) = await exec.RunAsync(sandboxId, request, run.Cancelled);
        return Finish(run, result ?? [], output, Dropped(result, exec));
    }

    private static async Task<int> RunInTerminalAsync(Invocation run, CommandHost host, string sandboxId, ExecRequest request)
    {
        bool isInputTerminal = run.Terminal.InputIsTerminal;
        JsonObject environment = request.Environment ?? [];
        environment.TryAdd("TERM", host.EnvironmentVariable("TERM") is { Length: > 0 } term ? term : "xterm");
        request = request with { Environment = environment, Terminal = Stty.Size(isInputTerminal) ?? TerminalSize.Usual };
        InputPump? input = request.StreamsStdin ? new InputPump(run.Terminal.Input, run.Time, isTerminal: true) : null;
        var exec = new AttachRun(
            run.Client, run.Time, run.Terminal.Output, run.Terminal.Error, input, () => Stty.Size(isInputTerminal));

        string id;
        JsonObject? result;
        using (TerminalMode? raw = input is null ? null : TerminalMode.Raw())
        {
            (id, result) = await exec.RunAsync(sandboxId, request, run.Cancelled);
        }

        if (result is null)
        {
            run.Remark($"\nsleighctl: left {Human.OneLine(id)} running; sleighctl logs -f {Human.OneLine(id)} follows it");
            return ExitCode.Success;
        }

        using var output = new Output(run);
        return Finish(run, result, output, Dropped(result, exec));
    }

    private static long Dropped(JsonObject? result, AttachRun exec) =>
        Math.Max(0, (result.Number("stdout_bytes") ?? 0) + (result.Number("stderr_bytes") ?? 0) - exec.ShownBytes);

    private static int Finish(Invocation run, JsonObject result, Output output, long dropped)
    {
        if (run.IsForProgram)
        {
            // The reply shows the tails; a program gets all that was kept.
            result["stdout"] = output.StdoutText;
            result["stderr"] = output.StderrText;
            run.Show(result, _ => "");
        }
        else if (dropped > 0)
        {
            run.Terminal.Note($"sleighctl: the command wrote {Human.Bytes(dropped)} more than the daemon keeps (exec.spool_max_bytes)");
        }

        (int code, string? remark) = Outcome(result, run.Cancelled.IsCancellationRequested);
        foreach (string? text in (string?[])[remark, Memory(result)])
        {
            if (text is not null)
            {
                run.Remark($"sleighctl: {Human.OneLine(text)}");
            }
        }

        return code;
    }

    /// <summary>The exit code of sleighctl for a final result, and what a person must be told beside the command's own output.</summary>
    internal static (int Code, string? Remark) Outcome(JsonObject result, bool interrupted)
    {
        string? error = result.Text("error");
        if (interrupted && result.Text("status") == "cancelled")
        {
            return (ExitCode.Interrupted, "cancelled");
        }

        if (result.Flag("timed_out") == true)
        {
            return (ExitCode.TimedOut, error ?? "the command timed out");
        }

        return result.Number("exit_code") is { } code
            ? ((int)code, result.Text("status") == "cancelled" ? "the command was cancelled" : null)
            : (ExitCode.Failure, error ?? $"the command ended as {result.Text("status")} without a status");
    }

    /// <summary>What was done about memory, and what to do where it was not enough; null: nothing to say.</summary>
    internal static string? Memory(JsonObject result)
    {
        string?[] parts = [result.Text("recovery"), result.Object("oom")?.Text("advice"), result.Object("disk")?.Text("advice")];
        string text = string.Join("; ", parts.Where(p => p is not null));
        return text.Length == 0 ? null : text;
    }

    // Where the command's output goes: through, or for a program into its result.
    private sealed class Output(Invocation run) : IDisposable
    {
        private readonly MemoryStream _stdout = new();
        private readonly MemoryStream _stderr = new();

        public Stream Stdout => run.IsForProgram ? _stdout : run.Terminal.Output;

        public Stream Stderr => run.IsForProgram ? _stderr : run.Terminal.Error;

        public string StdoutText => Encoding.UTF8.GetString(_stdout.ToArray());

        public void Dispose()
        {
            _stdout.Dispose();
            _stderr.Dispose();
        }

        public string StderrText => Encoding.UTF8.GetString(_stderr.ToArray());
    }
}

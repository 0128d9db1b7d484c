using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Exec;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl exec</c>: runs a command in a sandbox; output, errors and exit code are the command's own.</summary>
internal static class ExecCommand
{
    private const int MaxStdinBytes = 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var program = new Argument<string[]>("PROGRAM") { Description = "Program and arguments, after --", Arity = ArgumentArity.ZeroOrMore };
        var shell = new Option<string?>("-c", "--command") { Description = "A text for the sandbox's shell instead", HelpName = "TEXT" };
        var cwd = new Option<string?>("--cwd", "-w") { Description = "Working directory", HelpName = "PATH" };
        var env = new Option<string[]>("--env", "-e") { Description = "Environment; NAME alone takes the value set here; may be repeated", HelpName = "NAME=VALUE" };
        var user = new Option<string?>("--user", "-u") { Description = "User: name, uid or uid:gid", HelpName = "USER" };
        var timeout = new Option<int?>("--timeout", "-t") { Description = "End the command after this long", HelpName = "SECONDS" };
        var stdin = new Option<bool>("--stdin", "-i") { Description = "Read standard input to its end, at most 1 MiB, and give it to the command" };
        var command = new ExampledCommand(
            "exec",
            "Run a command in a sandbox and end with its exit code",
            "sleighctl exec web -- python3 -c 'print(6*7)'\nsleighctl exec web -c 'ls /etc | wc -l'\nsleighctl exec web --stdin -- sh -c 'cat > /root/notes.txt' < notes.txt");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(program);
        foreach (Option option in (Option[])[shell, cwd, env, user, timeout, stdin])
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
                User = arguments.GetValue(user),
                TimeoutSeconds = arguments.GetValue(timeout),
                Stdin = arguments.GetValue(stdin) ? await ReadStdinAsync(run.Terminal.Input, run.Cancelled) : null,
            };
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            return await RunAsync(run, id, request);
        });
    }

    private static async Task<int> RunAsync(Invocation run, string sandboxId, ExecRequest request)
    {
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var exec = new ExecRun(
            run.Client, run.Time, run.IsJson ? stdout : run.Terminal.Output, run.IsJson ? stderr : run.Terminal.Error);
        JsonObject result = await exec.RunAsync(sandboxId, request, run.Cancelled);

        if (run.IsJson)
        {
            // The reply shows the tails; a program gets all that was kept.
            result["stdout"] = Encoding.UTF8.GetString(stdout.ToArray());
            result["stderr"] = Encoding.UTF8.GetString(stderr.ToArray());
            run.Show(result, _ => "");
        }
        else if (exec.DroppedBytes > 0)
        {
            run.Terminal.Note($"sleighctl: the command wrote {Human.Bytes(exec.DroppedBytes)} more than the daemon keeps (exec.spool_max_bytes)");
        }

        (int code, string? remark) = Outcome(result, run.Cancelled.IsCancellationRequested);
        if (remark is not null)
        {
            run.Remark($"sleighctl: {Human.OneLine(remark)}");
        }

        if (result.Text("recovery") is { } recovery)
        {
            run.Remark($"sleighctl: {Human.OneLine(recovery)}");
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

    private static async Task<string> ReadStdinAsync(Stream input, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        // A read of a terminal cannot be taken back; it is left behind when the user interrupts.
        for (int read; (read = await Task.Run(() => input.Read(buffer), cancellationToken).WaitAsync(cancellationToken)) > 0;)
        {
            all.Write(buffer, 0, read);
            if (all.Length > MaxStdinBytes)
            {
                throw new CliException(
                    ExitCode.Failure, $"standard input is longer than {MaxStdinBytes} bytes", "send it in pieces, appending with cat >>");
            }
        }

        try
        {
            return Strict.GetString(all.GetBuffer(), 0, (int)all.Length);
        }
        catch (DecoderFallbackException ex)
        {
            throw new CliException(
                ExitCode.Failure,
                "standard input is not UTF-8 text, which is all the daemon takes",
                "encode it: base64 FILE | sleighctl exec SANDBOX --stdin -c 'base64 -d > FILE'",
                ex);
        }
    }
}

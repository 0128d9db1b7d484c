using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl memory</c>, <c>expand</c> and <c>explain</c>: who has the host's memory, more of it, and why it is so.</summary>
internal static class MemoryCommands
{
    /// <summary><c>memory [SANDBOX]</c>.</summary>
    public static Command Show(CommandHost host)
    {
        var sandbox = new Argument<string?>("SANDBOX") { Description = "Its id or name [default: all]", Arity = ArgumentArity.ZeroOrOne };
        var command = new ExampledCommand(
            "memory",
            "Show the host's memory ledger and each sandbox's limits, or one sandbox with its last decisions",
            "sleighctl memory\nsleighctl memory web\nsleighctl memory web -o json | jq '.decisions[0]'");
        command.Arguments.Add(sandbox);
        return host.Runs(command, async (arguments, run) =>
        {
            if (arguments.GetValue(sandbox) is { } typed)
            {
                string id = await Lookup.SandboxAsync(run.Client, typed, run.Cancelled);
                run.Show(await run.Client.GetAsync($"/admin/memory/{id}", run.Cancelled), m => MemoryViews.One(m, run.Paint), m => [m.Text("sandbox_id")]);
            }
            else
            {
                run.Show(
                    await run.Client.GetAsync("/admin/memory", run.Cancelled), m => MemoryViews.All(m, run.Paint),
                    m => m.Items().Select(s => s.Text("sandbox_id")));
            }

            return ExitCode.Success;
        });
    }

    /// <summary><c>expand SANDBOX [MB]</c>.</summary>
    public static Command Expand(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var target = new Argument<long?>("MB") { Description = "The limit that is wanted [default: one automatic step]", Arity = ArgumentArity.ZeroOrOne };
        target.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(long.TryParse(text, out long mb) && mb > 0))
            {
                result.AddError($"MB is '{text}', must be a whole number above 0");
            }
        });
        var command = new ExampledCommand(
            "expand",
            "Raise a sandbox's memory limit at once, for good; exit code 1 when it did not rise",
            "sleighctl expand web\nsleighctl expand web 2048");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(target);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject wanted = arguments.GetValue(target) is { } mb ? new() { ["target_mb"] = mb } : new() { ["auto_expand"] = true };
            JsonObject answer = await run.Client.PostAsync($"/sandboxes/{id}/memory/expand", wanted, run.Cancelled);
            run.Show(answer, MemoryViews.Expanded, _ => [id]);
            return answer.Flag("triggered") == true ? ExitCode.Success : ExitCode.Failure;
        });
    }

    /// <summary><c>explain SANDBOX</c>.</summary>
    public static Command Explain(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var command = new ExampledCommand(
            "explain", "Say why a sandbox's memory limit grew, why it was refused more, and why the sandbox is slow", "sleighctl explain web");
        command.Arguments.Add(sandbox);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            run.Show(await run.Client.GetAsync($"/admin/memory/{id}/explain", run.Cancelled), a => MemoryViews.Explained(a, run.Paint));
            return ExitCode.Success;
        });
    }
}

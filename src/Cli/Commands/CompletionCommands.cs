using System.Buffers;
using System.CommandLine;
using Sleigh.Cli.Api;
using Sleigh.Cli.Completion;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl completion</c>, and the hidden command that its script asks for names.</summary>
internal static class CompletionCommands
{
    // Whoever presses Tab does not want to wait for a daemon in trouble.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly SearchValues<char> Safe =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@-+");

    /// <summary><c>completion bash</c>.</summary>
    public static Command Build(CommandHost host, RootCommand root)
    {
        var bash = new ExampledCommand(
            "bash",
            "Print the completion script for bash",
            "source <(sleighctl completion bash)\nsleighctl completion bash > /etc/bash_completion.d/sleighctl");
        return new Command("completion", "Let the shell complete commands, options and names")
        {
            host.Runs(bash, (_, run) =>
            {
                Terminal.Write(run.Terminal.Output, BashScript.Of(root));
                return Task.FromResult(ExitCode.Success);
            }),
        };
    }

    /// <summary><c>__complete KIND [SANDBOX]</c>: one name a line, and nothing at all where something is wrong.</summary>
    public static Command Ask(CommandHost host)
    {
        var kind = new Argument<string>("KIND");
        var within = new Argument<string?>("SANDBOX") { Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("__complete") { Hidden = true };
        command.Arguments.Add(kind);
        command.Arguments.Add(within);
        return host.Runs(command, async (arguments, run) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled);
            limit.CancelAfter(Longest);
            try
            {
                foreach (string? name in await NamesAsync(run.Client, arguments.GetRequiredValue(kind), arguments.GetValue(within), limit.Token))
                {
                    if (name is { Length: > 0 } && name.AsSpan().IndexOfAnyExcept(Safe) < 0)
                    {
                        run.Terminal.Line(name);
                    }
                }
            }
            catch (Exception ex) when (ex is CliException or OperationCanceledException)
            {
                // No names.
            }

            return ExitCode.Success;
        });
    }

    private static async Task<IEnumerable<string?>> NamesAsync(
        SleighClient client, string kind, string? within, CancellationToken cancellationToken) => kind switch
        {
            "sandbox" => (await client.GetAsync("/admin/sandboxes", cancellationToken)).Items().Select(s => s.Text("name") ?? s.Text("sandbox_id")),
            "image" => (await client.GetAsync("/admin/images", cancellationToken)).Items().Select(i => i.Text("name")),
            "session" => (await client.GetAsync("/admin/sessions", cancellationToken)).Items().Select(s => s.Text("session_id")),
            "delivery" => (await client.GetAsync("/admin/webhooks", cancellationToken)).Items().Select(d => d.Text("delivery_id")),
            "exec" => (await client.GetAsync("/admin/execs?limit=20", cancellationToken)).Items().Select(e => e.Text("id")),
            "snapshot" when string.IsNullOrEmpty(within) =>
                (await Lookup.AllSnapshotsAsync(client, cancellationToken)).Select(s => s.Text("name") ?? s.Text("id")),
            "snapshot" =>
                (await client.GetAsync($"/sandboxes/{await Lookup.SandboxAsync(client, within, cancellationToken)}/snapshots", cancellationToken))
                    .Items().Select(s => s.Text("name") ?? s.Text("id")),
            _ => [],
        };
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.CommandLine.Help;

namespace Sleigh.Cli.Commands;

/// <summary>All of sleighctl: its commands, its help, and how a line that cannot be understood is answered.</summary>
internal static class CommandTree
{
    private const int HelpWidth = 110;

    private const string RootText = """
        Sandboxes and snapshots may be given by name or by the beginning of their id.

        Environment:
          SLEIGH_SOCKET  the daemon's socket, where --socket is not given

        Exit codes:
          0  done
          1  the daemon refused or failed; the sentence on standard error says why
          2  the command line cannot be understood
          3  the daemon cannot be reached
          exec ends with the command's own status; 124 when --timeout ended it, 130 after Ctrl-C

        NO_COLOR set to anything keeps colours away.
        """;

    /// <summary>Builds the commands over the given streams, clock and environment.</summary>
    public static RootCommand Build(CommandHost host)
    {
        var root = new RootCommand("Sandboxes for agents on this machine: make them, run commands in them, take them back in time.");
        root.Options.Add(host.Socket);
        root.Options.Add(host.Output);
        root.Options.Add(host.Quiet);
        foreach (Command command in (Command[])
        [
            StatusCommand.Build(host), TopCommand.Build(host), LsCommand.Build(host), InspectCommand.Build(host), MemoryCommands.Show(host),
            MemoryCommands.Explain(host), MemoryCommands.Expand(host), CreateCommand.Build(host),
            ExecCommand.Build(host), CpCommand.Build(host), LogsCommand.Build(host), EventsCommand.Build(host), AuditCommand.Build(host), RmCommand.Build(host),
            SnapshotCommands.Take(host), SnapshotCommands.List(host), SnapshotCommands.Rollback(host), UndoCommand.Build(host), ForkCommand.Build(host),
            PortCommands.Build(host), SecretsCommand.Build(host),
            ImageCommands.Build(host), PoolCommand.Build(host), StorageCommand.Build(host), SessionCommands.Build(host), WebhookCommands.Build(host), ConfigCommands.Build(host), DoctorCommand.Build(host), FsckCommand.Build(host),
            QuickstartCommand.Build(host), BenchCommand.Build(host), CompletionCommands.Build(host, root), VersionCommand.Build(host),
            CompletionCommands.Ask(host),
        ])
        {
            root.Subcommands.Add(command);
        }

        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            // A width of its own: asking the terminal for one switches its keypad mode (see Terminal).
            var usual = (HelpAction)help.Action!;
            usual.MaxWidth = HelpWidth;
            help.Action = new HelpWithExamples(usual, RootText);
        }

        return root;
    }

    private static IEnumerable<string> NamesOf(CommandResult command) =>
        command.Command is RootCommand ? [] : [.. command.Parent is CommandResult parent ? NamesOf(parent) : [], command.Command.Name];

    /// <summary>Parses and runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>, or what a command in a sandbox ended with.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, CommandHost host, Terminal terminal, CancellationToken cancellationToken)
    {
        ParseResult parsed = Build(host).Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            string name = string.Concat(NamesOf(parsed.CommandResult).Select(word => $" {word}"));
            host.ShowError(
                new CliException(
                    ExitCode.Usage,
                    WhatIsWrong(parsed),
                    $"sleighctl{name} --help shows what it takes"),
                CommandHost.FormatOf(parsed.GetResult(host.Output)?.Tokens is [{ Value: var word }] ? word : null));
            return ExitCode.Usage;
        }

        await using var output = new StreamWriter(terminal.Output, leaveOpen: true);
        await using var error = new StreamWriter(terminal.Error, leaveOpen: true);
        // The caller handles the signals: exec needs the first Ctrl-C to cancel the command, not to end this process.
        var configuration = new InvocationConfiguration
        {
            Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, cancellationToken);
    }

    // The parser adds "Required command was not provided." to every mistyped command; beside the mistake itself it only misleads.
    private static string WhatIsWrong(ParseResult parsed)
    {
        string[] errors = [.. parsed.Errors.Select(e => e.Message.TrimEnd('.')).Distinct()];
        return string.Join("; ", errors.Length == 1 ? errors : errors.Where(e => e != "Required command was not provided"));
    }
}

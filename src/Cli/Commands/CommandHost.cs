using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary>What all commands share: the options every command takes, and what an error becomes.</summary>
internal sealed class CommandHost
{
    /// <summary>Where the daemon's socket is when nobody says.</summary>
    public const string DefaultSocket = "/run/sleigh/sleigh.sock";

    private readonly Terminal _terminal;
    private readonly TimeProvider _time;
    private readonly Func<string, string?> _environment;

    public CommandHost(Terminal terminal, TimeProvider time, Func<string, string?> environment)
    {
        _terminal = terminal;
        _time = time;
        _environment = environment;
        Socket = new Option<string?>("--socket")
        {
            Description = $"The daemon's socket [default: $SLEIGH_SOCKET or {DefaultSocket}]",
            HelpName = "PATH",
            Recursive = true,
        };
        Output = new Option<string>("--output", "-o")
        {
            Description = "table for people, json or yaml for programs",
            HelpName = "table|json|yaml",
            Recursive = true,
            DefaultValueFactory = _ => "table",
        };
        Output.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("table" or "json" or "yaml") } token])
            {
                result.AddError($"--output is '{token.Value}', must be table, json or yaml");
            }
        });
        Quiet = new Option<bool>("--quiet", "-q") { Description = "Ids or names only, no remarks and no progress", Recursive = true };
    }

    /// <summary><c>--socket</c>.</summary>
    public Option<string?> Socket { get; }

    /// <summary><c>--output</c>.</summary>
    public Option<string> Output { get; }

    /// <summary><c>--quiet</c>.</summary>
    public Option<bool> Quiet { get; }

    /// <summary>Looks up a variable of the environment.</summary>
    public Func<string, string?> EnvironmentVariable => _environment;

    /// <summary>Gives a command its work. Failures become a sentence on standard error and an exit code.</summary>
    public Command Runs(Command command, Func<ParseResult, Invocation, Task<int>> work)
    {
        command.SetAction(async (arguments, cancellationToken) =>
        {
            OutputFormat format = FormatOf(arguments.GetValue(Output));
            try
            {
                using var client = new SleighClient(SocketPath(arguments));
                return await work(arguments, new Invocation(client, _terminal, _time, cancellationToken)
                {
                    Format = format,
                    Quiet = arguments.GetValue(Quiet),
                    ColorsErrors = _terminal.ErrorIsTerminal && Paint.IsWanted(_environment),
                    Paint = _terminal.OutputIsTerminal && Paint.IsWanted(_environment) ? new Paint(on: true) : Paint.None,
                });
            }
            catch (CliException ex)
            {
                ShowError(ex, format);
                return ex.ExitCode;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
        });
        return command;
    }

    /// <summary>The format that a word names; a table where it names none.</summary>
    public static OutputFormat FormatOf(string? word) => word switch
    {
        "json" => OutputFormat.Json,
        "yaml" => OutputFormat.Yaml,
        _ => OutputFormat.Table,
    };

    /// <summary>Shows a failure; a program gets the daemon's error object, or one of the same form.</summary>
    public void ShowError(CliException failure, OutputFormat format)
    {
        if (format != OutputFormat.Table)
        {
            JsonObject body = failure is ApiException { Body.Count: > 0 } api ? api.Body : Plain(failure);
            Terminal.Write(_terminal.Error, format == OutputFormat.Json ? JsonText.Of(body) : YamlText.Of(body));
            return;
        }

        _terminal.Note($"sleighctl: {Human.OneLine(failure.Message)}");
        if (failure.Hint is { Length: > 0 } hint)
        {
            _terminal.Note($"  {Human.OneLine(hint)}");
        }
    }

    private static JsonObject Plain(CliException failure)
    {
        JsonObject body = new()
        {
            ["error"] = failure.Message,
            ["code"] = failure.ExitCode switch
            {
                ExitCode.Usage => "usage",
                ExitCode.Unreachable => "unreachable",
                _ => "failed",
            },
        };
        if (failure.Hint is { } hint)
        {
            body["hint"] = hint;
        }

        return body;
    }

    private string SocketPath(ParseResult arguments) =>
        arguments.GetValue(Socket) is { Length: > 0 } given ? given
        : _environment("SLEIGH_SOCKET") is { Length: > 0 } set ? set : DefaultSocket;
}

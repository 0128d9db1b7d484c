using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary>What one run of a command has at hand.</summary>
internal sealed class Invocation
{
    public Invocation(SleighClient client, Terminal terminal, OutputFormat format, TimeProvider time, CancellationToken cancellationToken)
    {
        Client = client;
        Terminal = terminal;
        Format = format;
        Time = time;
        Cancelled = cancellationToken;
    }

    /// <summary>The daemon.</summary>
    public SleighClient Client { get; }

    /// <summary>The streams.</summary>
    public Terminal Terminal { get; }

    /// <summary>How to answer.</summary>
    public OutputFormat Format { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Cancelled by the first Ctrl-C.</summary>
    public CancellationToken Cancelled { get; }

    /// <summary>True when a program reads.</summary>
    public bool IsJson => Format == OutputFormat.Json;

    /// <summary>Now, for ages.</summary>
    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Shows an answer: as it came for a program, by <paramref name="view"/> for a person.</summary>
    public void Show(JsonObject answer, Func<JsonObject, string> view) =>
        Terminal.Write(Terminal.Output, IsJson ? JsonText.Of(answer) : view(answer));

    /// <summary>A remark for a person; programs do not get it.</summary>
    public void Remark(string text)
    {
        if (!IsJson)
        {
            Terminal.Note(text);
        }
    }
}

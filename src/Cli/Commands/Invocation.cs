using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary>What one run of a command has at hand.</summary>
internal sealed class Invocation
{
    public Invocation(SleighClient client, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        Client = client;
        Terminal = terminal;
        Time = time;
        Cancelled = cancellationToken;
    }

    /// <summary>The daemon.</summary>
    public SleighClient Client { get; }

    /// <summary>The streams.</summary>
    public Terminal Terminal { get; }

    /// <summary>How to answer.</summary>
    public OutputFormat Format { get; init; }

    /// <summary>Ids only, no remarks.</summary>
    public bool Quiet { get; init; }

    /// <summary>Colours for standard output.</summary>
    public Paint Paint { get; init; } = Paint.None;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Cancelled by the first Ctrl-C.</summary>
    public CancellationToken Cancelled { get; }

    /// <summary>True when a program reads.</summary>
    public bool IsForProgram => Format != OutputFormat.Table;

    /// <summary>Now, for ages.</summary>
    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>True where progress on standard error may have colours.</summary>
    public bool ColorsErrors { get; init; }

    /// <summary>True where a person watches and progress may be drawn.</summary>
    public bool DrawsProgress => !IsForProgram && !Quiet && Terminal.ErrorIsTerminal;

    /// <summary>Shows an answer: as it came for a program, by <paramref name="view"/> for a person.</summary>
    /// <param name="answer">The object.</param>
    /// <param name="view">The text for a person.</param>
    /// <param name="ids">What <c>--quiet</c> leaves of it, a line each; null: it changes nothing.</param>
    public void Show(JsonObject answer, Func<JsonObject, string> view, Func<JsonObject, IEnumerable<string?>>? ids = null)
    {
        string text = Quiet && ids is not null ? string.Concat(ids(answer).OfType<string>().Select(id => $"{Human.OneLine(id)}\n"))
            : Format switch
            {
                OutputFormat.Json => JsonText.Of(answer),
                OutputFormat.Yaml => YamlText.Of(answer),
                _ => view(answer),
            };
        Terminal.Write(Terminal.Output, text);
    }

    /// <summary>Shows one of a series of objects: a line of JSON or a document of YAML each.</summary>
    public void ShowNext(JsonObject item, Func<JsonObject, string> view) => Terminal.Write(Terminal.Output, Format switch
    {
        OutputFormat.Json => JsonText.Line(item),
        OutputFormat.Yaml => "---\n" + YamlText.Of(item),
        _ => view(item),
    });

    /// <summary>A remark for a person; programs do not get it.</summary>
    public void Remark(string text)
    {
        if (!IsForProgram && !Quiet)
        {
            Terminal.Note(text);
        }
    }
}

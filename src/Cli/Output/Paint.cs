namespace Sleigh.Cli.Output;

/// <summary>Colours, where a terminal shows them and NO_COLOR does not forbid them; otherwise text stays as it is.</summary>
internal sealed class Paint
{
    private readonly bool _on;

    public Paint(bool on) => _on = on;

    /// <summary>Never any colour.</summary>
    public static Paint None { get; } = new(false);

    /// <summary>Whether colours are wanted: <c>NO_COLOR</c> set to anything means no, and so does a terminal that has none.</summary>
    public static bool IsWanted(Func<string, string?> environment) =>
        string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb");

    public string Good(string text) => Code("32", text);

    public string Warning(string text) => Code("33", text);

    public string Bad(string text) => Code("31", text);

    public string Strong(string text) => Code("1", text);

    public string Faint(string text) => Code("2", text);

    public string Reverse(string text) => Code("7", text);

    private string Code(string code, string text) => _on && text.Length > 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
}

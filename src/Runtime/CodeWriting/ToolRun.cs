using System.Text;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>What the run of a program gave.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Reason">Why it was not started; or what came upon it, beside its own end; null: nothing.</param>
internal sealed record ToolRun(ToolEnd End, string? Reason = null)
{
    /// <summary>What it wrote.</summary>
    public ToolOutput Stdout { get; init; } = ToolOutput.None;

    /// <summary>What it wrote as errors.</summary>
    public ToolOutput Stderr { get; init; } = ToolOutput.None;

    /// <summary>Why nothing was checked or built by it; null when it ran.</summary>
    public string? NotRun(string program) => End switch
    {
        ToolEnd.Missing => $"{program} is not installed in the sandbox",
        ToolEnd.NotStarted => Reason,
        _ => null,
    };

    /// <summary>The beginning of what it wrote as errors, as text.</summary>
    public string ErrorText => Encoding.UTF8.GetString(Stderr.Data.Span);

    /// <summary>The beginning of what it wrote, as text.</summary>
    public string Text => Encoding.UTF8.GetString(Stdout.Data.Span);
}

namespace Sleigh.Cli.Progress;

/// <summary>Shows how far long work has come.</summary>
internal interface IProgressView
{
    /// <summary>A remark that stands on a line of its own.</summary>
    void Say(string text);

    /// <summary>How far one part of the work is; the first call for a name makes its bar.</summary>
    /// <param name="name">Which part.</param>
    /// <param name="label">What is shown before the bar.</param>
    /// <param name="value">Bytes done.</param>
    /// <param name="total">Bytes in all; null when nobody knows.</param>
    void Report(string name, string label, long value, long? total);
}

namespace Sleigh.Runtime;

/// <summary>Whether a command can be written to while it runs.</summary>
public enum LiveInput
{
    /// <summary>No: its input, if any, came with its start.</summary>
    None,

    /// <summary>Bytes, until the end of input is sent.</summary>
    Stream,

    /// <summary>Key strokes of its terminal, for as long as it runs.</summary>
    Terminal,
}

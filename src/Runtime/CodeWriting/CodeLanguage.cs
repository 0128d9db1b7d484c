namespace Sleigh.Runtime.CodeWriting;

/// <summary>Languages that can be checked and built.</summary>
public enum CodeLanguage
{
    /// <summary>Python.</summary>
    Python,

    /// <summary>Go.</summary>
    Go,

    /// <summary>JavaScript and TypeScript.</summary>
    Node,

    /// <summary>Rust.</summary>
    Rust,

    /// <summary>Java.</summary>
    Java,
}

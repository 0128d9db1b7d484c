namespace Sleigh.Runtime.CodeWriting;

/// <summary>What becomes of a file's bytes.</summary>
public abstract record FileEdit
{
    private FileEdit()
    {
    }

    /// <summary>All of it is replaced; a file that is not there is made, with its directories.</summary>
    /// <param name="Content">The new bytes; none for an empty file.</param>
    public sealed record Replace(ReadOnlyMemory<byte> Content) : FileEdit;

    /// <summary>One place of a file that is there is changed.</summary>
    /// <param name="Edit">Which, and to what.</param>
    public sealed record InContext(ContextEdit Edit) : FileEdit;
}

namespace Sleigh.Runtime.CodeWriting;

/// <summary>A write that was done.</summary>
/// <param name="Bytes">The file's size.</param>
/// <param name="Message">What is told of an edit; null: nothing.</param>
internal sealed record WrittenFile(long Bytes, string? Message)
{
    /// <summary>The live layer it is in; a rollback gives the sandbox another one.</summary>
    public required string Layer { get; init; }

    /// <summary>What was there before; null: nothing.</summary>
    public OldFile? Before { get; init; }

    /// <summary>Where the new file's own name is, behind links that led to nothing; null: there was a file.</summary>
    public string? NewName { get; init; }
}

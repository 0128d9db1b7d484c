namespace Sleigh.Runtime.CodeWriting;

/// <summary>A change of one file and what follows it; values are in range and of the right form.</summary>
public sealed record CodeWriteSpec
{
    /// <summary>The file.</summary>
    public required SandboxFilePath Path { get; init; }

    /// <summary>What becomes of it.</summary>
    public required FileEdit Edit { get; init; }

    /// <summary>What is built when the checks have not failed; null: nothing.</summary>
    public CodeLanguage? Build { get; init; }

    /// <summary>A command for <c>sh -lc</c> that is started behind the write, in place of checks and build; null: none.</summary>
    public string? PostCommand { get; init; }

    /// <summary>Whether the old file is put back when a check or the build fails. Not together with <see cref="PostCommand"/>.</summary>
    public bool RevertsOnFailure { get; init; }

    /// <summary>For all of it together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Of each of the two output texts.</summary>
    public int MaxOutputBytes { get; init; } = 131_072;

    /// <summary>Of each of the two output texts.</summary>
    public int MaxLines { get; init; } = 500;
}

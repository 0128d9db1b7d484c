namespace Sleigh.Runtime.CodeWriting;

/// <summary>Whose checks ran.</summary>
public enum CheckMode
{
    /// <summary>Those of the project's pre-commit configuration.</summary>
    PreCommit,

    /// <summary>Those of the file's language.</summary>
    Language,
}

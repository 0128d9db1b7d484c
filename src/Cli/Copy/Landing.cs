namespace Sleigh.Cli.Copy;

/// <summary>What stands at a path.</summary>
internal enum PathKind
{
    Nothing,
    File,
    Directory,
}

/// <summary>Where a copy ends up: the directory that members go into, and the name the copied thing gets there.</summary>
/// <param name="Folder">Made where it is missing.</param>
/// <param name="Name">Null: the contents go straight into the folder.</param>
internal sealed record Landing(string Folder, string? Name)
{
    /// <summary>The rule of cp(1), as container tools know it. Pure.</summary>
    /// <param name="sourceIsDirectory">Whether a directory is copied.</param>
    /// <param name="contentsOnly">Whether only what is in it is meant.</param>
    /// <param name="sourceName">Its last name.</param>
    /// <param name="target">The path to copy to, as typed.</param>
    /// <param name="targetKind">What stands there.</param>
    /// <exception cref="CliException">A directory cannot replace a file, nor can a file be a directory.</exception>
    public static Landing Decide(bool sourceIsDirectory, bool contentsOnly, string sourceName, string target, PathKind targetKind)
    {
        bool saysDirectory = target.EndsWith('/') || target is "." || target.EndsWith("/.", StringComparison.Ordinal);
        string path = CopyPlace.Trim(target);
        if (targetKind == PathKind.File && (sourceIsDirectory || saysDirectory))
        {
            throw new CliException(
                ExitCode.Failure,
                $"{Output.Human.OneLine(target)} is a file; {(sourceIsDirectory ? "a directory cannot be copied onto it" : "it cannot be a directory")}",
                "name another target, or remove the file first");
        }

        if (contentsOnly && sourceIsDirectory)
        {
            return new Landing(path, null);
        }

        return targetKind == PathKind.Directory || (saysDirectory && !sourceIsDirectory)
            ? new Landing(path, sourceName.Length == 0 ? null : sourceName)
            : new Landing(CopyPlace.Parent(path), CopyPlace.BaseName(path));
    }
}

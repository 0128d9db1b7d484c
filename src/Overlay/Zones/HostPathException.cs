namespace Sleigh.Overlay;

/// <summary>Why a directory below a root of the host could not be opened.</summary>
public enum HostPathFailure
{
    /// <summary>The root itself is missing or no directory.</summary>
    NoRoot,

    /// <summary>A symbolic link leads out of the root.</summary>
    Outside,

    /// <summary>There is nothing at the path.</summary>
    NotFound,

    /// <summary>There is something else than a directory.</summary>
    NotDirectory,
}

/// <summary>A directory below a root of the host could not be opened. The text names paths of the host: it is for the log.</summary>
public sealed class HostPathException : IOException
{
    internal HostPathException(HostPathFailure failure, string root, string path)
        : base($"open the directory '{path}' below '{root}': {Describe(failure)}") => Failure = failure;

    /// <summary>What callers branch on.</summary>
    public HostPathFailure Failure { get; }

    private static string Describe(HostPathFailure failure) => failure switch
    {
        HostPathFailure.NoRoot => "that folder is missing",
        HostPathFailure.Outside => "a link leads out of it",
        HostPathFailure.NotFound => "there is nothing",
        _ => "it is no directory",
    };
}

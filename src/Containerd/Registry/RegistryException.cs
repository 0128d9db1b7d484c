namespace Sleigh.Containerd;

/// <summary>Why an image could not be fetched; callers branch on this and on nothing else.</summary>
public enum RegistryErrorKind
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>The registry has no such image.</summary>
    NotFound,

    /// <summary>The registry wants another login, or none will do.</summary>
    Denied,

    /// <summary>The registry cannot be reached, or gave up; another time it may do.</summary>
    Network,

    /// <summary>What the registry gave is refused: a wrong digest, a bad manifest, other platforms only, over a limit.</summary>
    Invalid,
}

/// <summary>An image could not be fetched. The message is one sentence that names the image, the host, and what the host said.</summary>
public sealed class RegistryException : IOException
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What callers branch on.</param>
    /// <param name="message">The whole sentence.</param>
    /// <param name="inner">What was caught, if anything.</param>
    public RegistryException(RegistryErrorKind kind, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
    }

    /// <summary>What callers branch on.</summary>
    public RegistryErrorKind Kind { get; }

    /// <summary>How long the registry asks to wait; null where it does not say.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same question may have another answer in a moment.</summary>
    internal bool IsPassing { get; init; }
}

namespace Sleigh.Containerd;

/// <summary>What is wrong with an image or an archive of images.</summary>
public enum ImageErrorKind
{
    /// <summary>No image of that name.</summary>
    NotFound,

    /// <summary>The name is not valid.</summary>
    InvalidName,

    /// <summary>The archive ends early, is no tar, or is neither of the two known forms.</summary>
    BrokenArchive,

    /// <summary>The archive holds names or links that a well-meant archive does not hold.</summary>
    UnsafeArchive,

    /// <summary>A blob is not what its digest says, or a layer not what the configuration says.</summary>
    WrongDigest,

    /// <summary>A limit on sizes or numbers was met.</summary>
    TooLarge,

    /// <summary>The image is for another operating system or processor.</summary>
    WrongPlatform,

    /// <summary>A manifest or configuration makes no sense, or is of a kind that is not supported.</summary>
    InvalidImage,

    /// <summary>A program needed for the work is missing or failed.</summary>
    ToolFailed,
}

/// <summary>An image cannot be used. The message is one sentence for the user.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What callers branch on.</param>
    /// <param name="message">The whole sentence.</param>
    /// <param name="inner">What was caught, if anything.</param>
    public ImageException(ImageErrorKind kind, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
    }

    /// <summary>What callers branch on.</summary>
    public ImageErrorKind Kind { get; }
}

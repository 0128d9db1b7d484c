namespace Sleigh.Containerd;

/// <summary>A call to containerd failed. The message is one sentence: what was done, to what, and what containerd said.</summary>
public sealed class ContainerdException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What callers branch on.</param>
    /// <param name="message">The whole sentence.</param>
    /// <param name="inner">What was caught, if anything.</param>
    public ContainerdException(ContainerdErrorKind kind, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
    }

    /// <summary>What callers branch on.</summary>
    public ContainerdErrorKind Kind { get; }

    internal static ContainerdException From(string what, GrpcStatus status) =>
        new(ErrorKinds.FromGrpc(status.Code), $"could not {what}: containerd said: {status.Text}");
}

namespace Sleigh.Runtime;

/// <summary>A refusal or failure with a sentence fit for the caller. The cause, if any, is for the log.</summary>
public sealed class RuntimeException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What callers branch on.</param>
    /// <param name="message">One sentence for a person or an agent: no host paths, no engine text.</param>
    /// <param name="cause">What the kernel or containerd said; it goes to the log only.</param>
    public RuntimeException(ErrorKind kind, string message, Exception? cause = null)
        : base(message, cause) => Kind = kind;

    /// <summary>What callers branch on.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What to do next, if there is something.</summary>
    public string? Hint { get; init; }

    /// <summary>Facts for programs; values are strings, integers, doubles or string lists.</summary>
    public IReadOnlyDictionary<string, object> Details { get; init; } = new Dictionary<string, object>();

    /// <summary>When the same call may be granted, counted from now; null: not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A quota is used up; <paramref name="message"/> says what to do.</summary>
    public static RuntimeException Quota(string quota, int limit, string message) => new(ErrorKind.QuotaExceeded, message)
    {
        Details = new Dictionary<string, object> { ["quota"] = quota, ["limit"] = limit },
    };

    /// <summary>What callers are told of something unforeseen that has a cause they can be told of, such as a full disk; null: nothing is known of it.</summary>
    public static RuntimeException? Of(Exception unforeseen) => Failures.OfFullDisk(unforeseen);

    /// <summary>A wrong value of a field.</summary>
    public static RuntimeException Invalid(string field, string message) =>
        new(ErrorKind.InvalidArgument, message) { Details = new Dictionary<string, object> { ["field"] = field } };

    /// <summary>The operator does not allow the host's network.</summary>
    /// <param name="message">Of whom, and what follows from it.</param>
    public static RuntimeException HostNetwork(string message) => new(ErrorKind.HostNetworkNotAllowed, $"forbidden: {message}")
    {
        Hint = "use network bridge; only the operator can set network.allow_host to true",
        Details = new Dictionary<string, object> { ["field"] = "network", ["value"] = "host", ["setting"] = "network.allow_host" },
    };

    /// <summary>The sandbox does not exist (any more).</summary>
    public static RuntimeException NoSandbox(SandboxId id) => new(ErrorKind.NotFound, $"resource not found: sandbox {id}");

    /// <summary>The exec does not exist (any more).</summary>
    public static RuntimeException NoExec(ExecId id) => new(ErrorKind.NotFound, $"resource not found: exec {id}");
}

namespace Sleigh.Runtime.Options;

/// <summary>Section <c>init</c>.</summary>
public sealed record InitOptions
{
    /// <summary>Key <c>init.path</c>: the static program that is PID 1 in each sandbox.</summary>
    public string Path { get; init; } = "/usr/libexec/sleigh/sleigh-init";
}

namespace Sleigh.Runtime.CodeWriting;

/// <summary>A program to run inside a sandbox, without a shell.</summary>
/// <param name="Directory">Where it runs.</param>
/// <param name="Program">Its name, looked for in the sandbox's PATH.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record ToolCommand(string Directory, string Program, params string[] Arguments)
{
    // What talks to the world by itself, or paints.
    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal)
    {
        ["npm_config_update_notifier"] = "false", ["npm_config_fund"] = "false", ["npm_config_audit"] = "false",
        ["PRE_COMMIT_COLOR"] = "never", ["NO_COLOR"] = "1", ["CARGO_TERM_COLOR"] = "never",
    };

    /// <summary>Added to the sandbox's environment.</summary>
    public static IReadOnlyDictionary<string, string> Environment => Quiet;
}

using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>A file's path inside a sandbox: absolute, without empty parts, <c>.</c> and <c>..</c>, and not below /proc, /sys or /dev.</summary>
public sealed record SandboxFilePath
{
    private const int MostBytes = 4095;

    private SandboxFilePath(string text) => Text = text;

    /// <summary>The cleaned path.</summary>
    public string Text { get; }

    /// <summary>The last part.</summary>
    public string Name => Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>The directory it is in.</summary>
    public string Directory => ParentOf(Text)!;

    /// <summary>Reads a path as a caller wrote it.</summary>
    /// <param name="text">What was sent; <c>..</c> takes away the part before it.</param>
    /// <param name="path">The path, when it is one.</param>
    /// <param name="rule">Else the contract's sentence about the rule that it breaks.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SandboxFilePath? path, [NotNullWhen(false)] out string? rule)
    {
        path = null;
        rule = string.IsNullOrWhiteSpace(text) ? "sandbox_path is required"
            : !text.StartsWith('/') || text.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(text) > MostBytes
                ? "sandbox_path must be an absolute file path inside sandbox"
                : null;
        if (rule is not null)
        {
            return false;
        }

        List<string> parts = [];
        foreach (string part in text!.Split('/'))
        {
            switch (part)
            {
                case "" or ".": break;
                case ".." when parts.Count > 0: parts.RemoveAt(parts.Count - 1); break;
                case "..": break;
                default: parts.Add(part); break;
            }
        }

        rule = parts.Count == 0 ? "sandbox_path cannot be root" : parts[0] is "proc" or "sys" or "dev" ? "sandbox_path is not writable" : null;
        path = rule is null ? new SandboxFilePath("/" + string.Join('/', parts)) : null;
        return path is not null;
    }

    /// <summary>A directory and all above it, up to the root.</summary>
    internal static IEnumerable<string> UpFrom(string directory)
    {
        for (string? at = directory; at is not null; at = ParentOf(at))
        {
            yield return at;
        }
    }

    /// <summary>A name in a directory.</summary>
    internal static string Join(string directory, string name) => directory == "/" ? $"/{name}" : $"{directory}/{name}";

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string? ParentOf(string path) => path == "/" ? null : path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
}

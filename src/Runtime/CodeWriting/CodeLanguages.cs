namespace Sleigh.Runtime.CodeWriting;

/// <summary>Names, file name extensions and manifests of the languages.</summary>
public static class CodeLanguages
{
    private static readonly Dictionary<string, CodeLanguage> ByBuildName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["go"] = CodeLanguage.Go, ["golang"] = CodeLanguage.Go, ["python"] = CodeLanguage.Python, ["py"] = CodeLanguage.Python,
        ["node"] = CodeLanguage.Node, ["javascript"] = CodeLanguage.Node, ["js"] = CodeLanguage.Node, ["typescript"] = CodeLanguage.Node,
        ["ts"] = CodeLanguage.Node, ["rust"] = CodeLanguage.Rust, ["java"] = CodeLanguage.Java,
    };

    /// <summary>What may be asked to be built.</summary>
    public static IReadOnlyList<string> BuildNames { get; } = [.. ByBuildName.Keys];

    /// <summary>The language of a build by one of its names, in any case; null for others.</summary>
    public static CodeLanguage? Named(string name) => ByBuildName.TryGetValue(name, out CodeLanguage language) ? language : null;

    /// <summary>The name in sentences.</summary>
    public static string NameOf(CodeLanguage language) => language switch
    {
        CodeLanguage.Python => "python",
        CodeLanguage.Go => "go",
        CodeLanguage.Node => "node",
        CodeLanguage.Rust => "rust",
        CodeLanguage.Java => "java",
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, "unknown language"),
    };

    /// <summary>The language of a file by its extension; null where it has none that is known.</summary>
    internal static CodeLanguage? OfFile(string path) => Path.GetExtension(path) switch
    {
        ".py" => CodeLanguage.Python,
        ".go" => CodeLanguage.Go,
        ".js" or ".jsx" or ".ts" or ".tsx" or ".mjs" or ".cjs" => CodeLanguage.Node,
        ".rs" => CodeLanguage.Rust,
        ".java" => CodeLanguage.Java,
        _ => null,
    };

    /// <summary>Files that make a directory a project of the language.</summary>
    internal static IReadOnlyList<string> ManifestsOf(CodeLanguage language) => language switch
    {
        CodeLanguage.Python => ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"],
        CodeLanguage.Go => ["go.mod"],
        CodeLanguage.Node => ["package.json"],
        CodeLanguage.Rust => ["Cargo.toml"],
        CodeLanguage.Java => ["pom.xml"],
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, "unknown language"),
    };
}

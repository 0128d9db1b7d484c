using System.Text.Json;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>The build of a Node project: its packages by the manager that wrote its lock file, then its build script.</summary>
internal static class NodeBuild
{
    /// <summary>The commands, in order.</summary>
    public static IReadOnlyList<ToolCommand> Commands(string directory, IWorkplace place)
    {
        bool Has(string name) => place.Exists(SandboxFilePath.Join(directory, name));

        (string manager, string install) = Has("package-lock.json") || Has("npm-shrinkwrap.json") ? ("npm", "ci")
            : Has("pnpm-lock.yaml") ? ("pnpm", "install")
            : Has("yarn.lock") ? ("yarn", "install")
            : ("npm", "install");
        List<ToolCommand> commands = [new(directory, manager, install)];
        if (HasBuildScript(place.ReadText(SandboxFilePath.Join(directory, "package.json"))))
        {
            commands.Add(new(directory, manager, "run", "build"));
        }

        return commands;
    }

    // A manifest that cannot be read is the manager's to complain about.
    private static bool HasBuildScript(string? manifest)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(manifest ?? "{}");
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("scripts", out JsonElement scripts) && scripts.ValueKind == JsonValueKind.Object
                && scripts.TryGetProperty("build", out JsonElement build) && build.ValueKind == JsonValueKind.String;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

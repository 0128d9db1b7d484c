using System.Globalization;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/snapshots/{snapshotId}/restore</c>.</summary>
internal sealed record RestoreRequest(IReadOnlyList<string>? Paths, bool DeleteAdded)
{
    private const int MostPaths = 1000;

    /// <summary>The members it knows.</summary>
    public static IReadOnlyList<string> Fields { get; } = ["session_token", "paths", "delete_added"];

    /// <summary>Checks the types.</summary>
    public static RestoreRequest Read(BodyFields fields) => new(fields.List("paths"), fields.Boolean("delete_added") ?? false);

    /// <summary>The paths, each checked.</summary>
    public IReadOnlyList<string> Checked()
    {
        IReadOnlyList<string> paths = Paths ?? throw ApiErrors.Required("paths").Exception();
        if (paths.Count is < 1 or > MostPaths)
        {
            throw ApiErrors.Invalid("paths", $"must hold 1 to {MostPaths} paths").Exception();
        }

        for (int i = 0; i < paths.Count; i++)
        {
            string field = string.Create(CultureInfo.InvariantCulture, $"paths[{i}]");
            _ = FieldRules.AbsolutePath(field, paths[i]);
            string[] parts = paths[i].Split('/', StringSplitOptions.RemoveEmptyEntries);
            if (Array.Exists(parts, part => part is "." or ".."))
            {
                throw ApiErrors.Invalid(field, $"is '{Clip(paths[i])}', must have no parts '.' and '..'").Exception();
            }

            if (parts.Length == 0)
            {
                throw ApiErrors.Invalid(field, "is '/', must be below the root; a rollback puts everything back").Exception();
            }
        }

        return paths;
    }

    private static string Clip(string text) => text.Length <= 100 ? text : text[..100] + "...";
}

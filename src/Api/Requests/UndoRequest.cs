using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/undo</c>.</summary>
internal sealed record UndoRequest(long? Steps)
{
    /// <summary>The most steps of one call.</summary>
    public const int MostSteps = 100;

    public static readonly string[] Fields = ["session_token", "steps"];

    /// <summary>Checks the types.</summary>
    public static UndoRequest Read(BodyFields fields) => new(fields.Integer("steps"));

    /// <summary>Checks the value.</summary>
    public int CheckedSteps() => FieldRules.Range("steps", Steps, 1, MostSteps, zeroIsDefault: false) ?? 1;
}

using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>PUT /sandboxes/{id}/secrets</c>.</summary>
internal sealed record SecretsRequest(IReadOnlyDictionary<string, string>? Secrets)
{
    /// <summary>Its members.</summary>
    public static readonly string[] Fields = ["session_token", "secrets"];

    /// <summary>Checks the types.</summary>
    public static SecretsRequest Read(BodyFields fields) => new(fields.Strings("secrets"));

    /// <summary>Checks the values.</summary>
    public IReadOnlyDictionary<string, string> Check() =>
        FieldRules.Secrets("secrets", Secrets ?? throw ApiErrors.Required("secrets").Exception(), env: null);

    /// <summary>The names alone, as records print all they have.</summary>
    public override string ToString() => $"secrets: {string.Join(", ", Secrets?.Keys ?? [])}";
}

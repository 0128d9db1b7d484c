using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /webhooks/exec/subscribe</c>.</summary>
internal sealed record SubscribeRequest(string? Sandbox, string? Exec, string? Url)
{
    private const string SandboxField = "sandbox_id";
    private const string ExecField = "exec_id";
    private const string UrlField = "webhook_url";

    /// <summary>Checks the types.</summary>
    public static SubscribeRequest Read(BodyFields fields) => new(fields.String(SandboxField), fields.String(ExecField), fields.String(UrlField));

    /// <summary>That all three are there, without white space around them.</summary>
    public (string Sandbox, string Exec, string Url) Check() =>
        (Required(SandboxField, Sandbox), Required(ExecField, Exec), Required(UrlField, Url));

    private static string Required(string field, string? text) => string.IsNullOrWhiteSpace(text)
        ? throw (ApiErrors.Required(field) with { Message = $"{SandboxField}, {ExecField} and {UrlField} are required" }).Exception()
        : text.Trim();
}

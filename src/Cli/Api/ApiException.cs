using System.Text.Json.Nodes;

namespace Sleigh.Cli.Api;

/// <summary>The daemon answered with an error.</summary>
internal sealed class ApiException : CliException
{
    // Every path that sleighctl asks for exists in the daemon of its own version.
    private const string SameVersion = "is sleighctl of the same version as sleighd? sleighctl version shows both";

    public ApiException(int status, JsonObject body, string call)
        : base(
            Cli.ExitCode.Failure,
            body.Text("error") ?? $"{call} was answered with status {status} and no reason",
            body.Text("hint") ?? body.Text("next_action") ?? (body.Text("code") == "route_not_found" ? SameVersion : null))
    {
        Status = status;
        Body = body;
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>The error object as it came.</summary>
    public JsonObject Body { get; }

    /// <summary>The stable word programs branch on; empty when there was none.</summary>
    public string Code => Body.Text("code") ?? "";
}

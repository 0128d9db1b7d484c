using System.Diagnostics.CodeAnalysis;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Routing;

namespace Sleigh.Api.OpenApi;

/// <summary>An endpoint and its row.</summary>
internal sealed record ListedOperation(Endpoint Endpoint, OperationRow Row)
{
    /// <summary>
    /// All that callers over TCP can reach, in the order of the rows. Rows whose endpoint does not exist are left out, and so are endpoints without
    /// a row: tests see to it that there are none of either.
    /// </summary>
    public static IReadOnlyList<ListedOperation> List { get; } = Match();

    /// <summary>The errors it can give.</summary>
    public IReadOnlyList<ErrorCode> Errors { get; } = ErrorCodes.Of(Endpoint, Row);

    /// <summary>The variables of its path.</summary>
    public IEnumerable<string> PathVariables => Endpoint.Segments.Where(s => s[0] == '{').Select(s => s[1..^1]);

    /// <summary>Whether a JSON body is read.</summary>
    public bool HasJsonBody => Endpoint.Body is BodyRule.Required or BodyRule.Optional;

    /// <summary>The path of its anchor on the page, and its name in generated clients.</summary>
    public string Id => string.Concat(
        [Row.Method.ToLowerInvariant(), .. Endpoint.Segments.Select(s => "_" + s.Trim('{', '}').Replace('-', '_').Replace('.', '_'))]);

    /// <summary>The body with the token, which every body may hold.</summary>
    public Schema BodySchema => Make.Object(
    [
        .. Endpoint.Access is AccessClass.Session or AccessClass.SessionOrKey
            ? [Make.May("session_token", Make.Text, "The session token, where it is not sent as X-Session-Token or in the query.")]
            : (Member[])[],
        .. Row.Fields,
    ]);

    private static List<ListedOperation> Match()
    {
        Dictionary<(string, string), Endpoint> endpoints =
            AllEndpoints.List().Where(e => e.Access != AccessClass.Socket).ToDictionary(e => (e.Method, e.Path));
        return [.. AllRows.List.Where(r => endpoints.ContainsKey((r.Method, r.Path))).Select(r => new ListedOperation(endpoints[(r.Method, r.Path)], r))];
    }

    /// <summary>The one of a method and path pattern.</summary>
    public static bool TryFind(string method, string path, [NotNullWhen(true)] out ListedOperation? found)
    {
        found = List.FirstOrDefault(o => o.Row.Method == method && o.Row.Path == path);
        return found is not null;
    }
}

namespace Sleigh.TestSupport;

/// <summary>An endpoint as the generators see it.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Pattern">Segments, those in braces stand for ids.</param>
/// <param name="OverSocket">Whether it exists on the administrator's socket alone.</param>
public sealed record FuzzEndpoint(string Method, string Pattern, bool OverSocket)
{
    /// <summary>Whether a call may take the sandbox or the session away that the requests behind it name.</summary>
    public bool EndsItAll => Method == "DELETE" && Pattern is ("sandboxes/{id}" or "sessions/{sessionId}");
}

/// <summary>A request as it goes over the wire.</summary>
/// <param name="Endpoint">What it is meant for.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Without Host, Content-Length and Connection.</param>
/// <param name="Body">Empty for none.</param>
public sealed record FuzzRequest(FuzzEndpoint Endpoint, string Target, (string Name, string Value)[] Headers, byte[] Body)
{
    /// <summary>The request for the text of a failure, cut where it is long.</summary>
    public override string ToString()
    {
        string body = System.Text.Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 600)));
        return $"{Endpoint.Method} {Cut(Target)}\n{string.Join('\n', Headers.Select(h => $"{h.Name}: {Cut(h.Value)}"))}\n\n{body}{(Body.Length > 600 ? $"... ({Body.Length} bytes)" : "")}";
    }

    private static string Cut(string text) => text.Length <= 400 ? text : $"{text[..400]}... ({text.Length})";
}

/// <summary>What the ids in paths and bodies are.</summary>
public sealed record FuzzIds(string Token, string Session, string Sandbox, string Exec, string Snapshot);

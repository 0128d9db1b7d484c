namespace Sleigh.Cli.Http;

/// <summary>One request.</summary>
/// <param name="Method">Such as <c>GET</c>.</param>
/// <param name="Target">Path and query, already escaped.</param>
internal sealed record HttpCall(string Method, string Target)
{
    /// <summary>Headers beside <c>Host</c>, <c>Content-Length</c> and <c>Transfer-Encoding</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body, when it is in memory.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Writes the body piece by piece instead; it is sent chunked.</summary>
    public Func<Stream, CancellationToken, Task>? WriteBody { get; init; }

    /// <summary>Takes the body of a good answer (below 400) as it comes; it is then not in the reply.</summary>
    public Stream? Sink { get; init; }

    /// <summary>How long the whole call may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}

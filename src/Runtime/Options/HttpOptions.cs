using System.Net;

namespace Sleigh.Runtime.Options;

/// <summary>Section <c>http</c>: where the daemon listens and what it lets in.</summary>
public sealed record HttpOptions
{
    /// <summary>Key <c>http.listen</c>. An address outside loopback needs <see cref="ApiKey"/>.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 10122);

    /// <summary>Key <c>http.api_key</c>; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Key <c>http.allowed_hosts</c>: names a <c>Host</c> header may hold besides loopback.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Key <c>http.allowed_origins</c>: origins of web pages that may call.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Key <c>http.max_body_bytes</c>: largest request body.</summary>
    public long MaxBodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Key <c>http.idempotency_ttl_seconds</c>: how long the answer to an idempotency key is kept.</summary>
    public TimeSpan IdempotencyTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Key <c>http.max_streams_per_session</c>: event streams one session may hold open.</summary>
    public int MaxStreamsPerSession { get; init; } = 64;

    /// <summary>Key <c>http.max_connections</c>: TCP connections open at once; the administrator's socket has as many of its own.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Key <c>http.socket</c>: the administrator's unix socket; null: <see cref="SleighOptions.SocketPath"/> says where.</summary>
    public string? Socket { get; init; }

    /// <summary>Key <c>http.socket_group</c>: the group that may use the unix socket, if the host has it.</summary>
    public string SocketGroup { get; init; } = "sleigh";

    /// <summary>Names the fields, without the key.</summary>
    public override string ToString() => $"HttpOptions {{ Listen = {Listen}, ApiKey = {(ApiKey is null ? "none" : "set")} }}";
}

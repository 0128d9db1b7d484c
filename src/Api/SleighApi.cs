using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sleigh.Api.Json;
using Sleigh.Api.Metrics;
using Sleigh.Api.Peers;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;

namespace Sleigh.Api;

/// <summary>
/// The HTTP API: one terminal piece of middleware with its own routing, which needs no services. The host must not log request
/// URLs itself (category <c>Microsoft.AspNetCore.Hosting.Diagnostics</c> below Warning does), since query strings may hold tokens.
/// </summary>
public static class SleighApi
{
    /// <summary>Answers every request that reaches <paramref name="app"/>.</summary>
    public static void Map(IApplicationBuilder app, ApiDependencies dependencies)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(dependencies);
        app.Run(new Dispatcher(dependencies).InvokeAsync);
    }

    /// <summary>Writes settings as <c>GET /admin/config</c> answers them.</summary>
    public static void WriteSettings(Utf8JsonWriter json, IReadOnlyList<ShownSetting> settings)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteItems(settings, ConfigurationView.WriteSetting);
        json.WriteEndObject();
    }

    /// <summary>The figures that are read when somebody asks for them, as <c>/metrics</c> shows them beside the counters.</summary>
    public static IReadOnlyList<Figure> Figures(ApiDependencies dependencies)
    {
        ArgumentNullException.ThrowIfNull(dependencies);
        return Metrics.Figures.Of(dependencies);
    }

    /// <summary>Leaves body size and body speed to the contract's own rules (413, 408) instead of Kestrel's.</summary>
    /// <param name="options">Of the server.</param>
    /// <param name="maxConnections"><c>http.max_connections</c>: of each address and socket that is listened on; one more is closed unanswered.</param>
    public static void ConfigureKestrel(KestrelServerOptions options, int maxConnections)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddServerHeader = false;

        // Headers of servers in sandboxes go on byte for byte.
        options.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MaxConcurrentConnections = maxConnections;
        options.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
    }

    /// <summary>
    /// Marks the connections of a unix socket as the administrator's, or as refused. A connection without this mark is
    /// judged by its IP address only, so a socket that was not set up so is never taken for the administrator's.
    /// </summary>
    public static void UseSocketPeers(this IConnectionBuilder connections, SocketPeerPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(connections);
        ArgumentNullException.ThrowIfNull(policy);
        connections.Use(next => connection =>
        {
            Socket? socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
            SocketPeer? peer = socket is null ? null : SocketPeer.Read(socket);
            connection.Features.Set(new SocketPeerFeature(peer is not null && policy.Allows(peer), peer));
            return next(connection);
        });
    }
}

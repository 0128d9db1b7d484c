using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sleigh.Api;
using Sleigh.Api.Metrics;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime;
using Sleigh.Runtime.Auditing;

namespace Sleigh.Daemon.Listening;

/// <summary>The web server: TCP for clients, a unix socket for the administrator.</summary>
internal static class HttpFront
{
    /// <summary>Makes it, not serving yet. With the server come the figures that it shows.</summary>
    public static (WebApplication Server, IReadOnlyList<Figure> Figures) Make(
        Listeners listeners, DaemonConfiguration configuration, SleighRuntime runtime, IAudit audit, ILoggerFactory loggers)
    {
        // The empty builder and an own content root: the default one watches the content root, which under systemd is '/'.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = configuration.Options.Now.StateDir });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = listeners.Take).ConfigureKestrel(kestrel =>
        {
            SleighApi.ConfigureKestrel(kestrel, configuration.Options.Now.Http.MaxConnections);
            kestrel.Listen(listeners.Address);
            kestrel.ListenUnixSocket(listeners.SocketPath, listen => listen.UseSocketPeers(listeners.Policy));
        });
        WebApplication app = builder.Build();
        ApiDependencies parts = new()
        {
            Sessions = runtime.Sessions,
            Sandboxes = runtime.Sandboxes,
            Execs = runtime.Execs,
            Files = runtime.Files,
            CodeWriter = runtime.CodeWriter,
            Mounts = runtime.Mounts,
            Ports = runtime.Ports,
            Environments = runtime.Environments,
            Zones = runtime.Zones,
            Diffs = runtime.Diffs,
            Exports = runtime.Exports,
            Events = runtime.Events,
            Images = runtime.Images,
            Inspection = runtime.Inspection,
            Fsck = runtime.Fsck,
            Storage = runtime.Storage,
            Memory = runtime.Memory,
            Configuration = configuration,
            Host = runtime.Host,
            Pool = runtime.Pool,
            Webhooks = runtime.Webhooks,
            Idempotency = runtime.Idempotency,
            Maintenance = runtime.Maintenance,
            Audit = audit,
            CursorSecret = runtime.CursorSecret,
            Options = configuration.Options,
            ListenPort = listeners.Address.Port,
            Version = VersionOf.ThisBuild,
            Logger = loggers.CreateLogger("Sleigh.Api"),
        };
        SleighApi.Map(app, parts);
        return (app, SleighApi.Figures(parts));
    }

    /// <summary>Takes the sockets over and serves.</summary>
    /// <exception cref="ListenException">The kernel takes them back.</exception>
    public static async Task ServeAsync(WebApplication server, Listeners listeners)
    {
        try
        {
            await server.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ListenException($"cannot listen on http.listen {listeners.Address} and {listeners.SocketPath}: {e.Message}", e);
        }
    }
}

using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sleigh.Api;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime;

namespace Sleigh.Daemon.Listening;

/// <summary>The web server: TCP for clients, a unix socket for the administrator.</summary>
internal static class HttpFront
{
    /// <summary>Takes the sockets over and serves.</summary>
    /// <exception cref="ListenException">The kernel takes them back.</exception>
    public static async Task<WebApplication> StartAsync(
        Listeners listeners, DaemonConfiguration configuration, SleighRuntime runtime, ILoggerFactory loggers)
    {
        // The empty builder and an own content root: the default one watches the content root, which under systemd is '/'.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = configuration.Options.Now.StateDir });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = listeners.Take).ConfigureKestrel(kestrel =>
        {
            SleighApi.ConfigureKestrel(kestrel);
            kestrel.Listen(listeners.Address);
            kestrel.ListenUnixSocket(listeners.SocketPath, listen => listen.UseSocketPeers(listeners.Policy));
        });
        WebApplication app = builder.Build();
        SleighApi.Map(app, new ApiDependencies
        {
            Sessions = runtime.Sessions,
            Sandboxes = runtime.Sandboxes,
            Execs = runtime.Execs,
            Files = runtime.Files,
            Events = runtime.Events,
            Images = runtime.Images,
            Inspection = runtime.Inspection,
            Configuration = configuration,
            Host = runtime.Host,
            Pool = runtime.Pool,
            Idempotency = runtime.Idempotency,
            Options = configuration.Options,
            Version = VersionOf.ThisBuild,
            Logger = loggers.CreateLogger("Sleigh.Api"),
        });
        try
        {
            await app.StartAsync();
            return app;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new ListenException($"cannot listen on http.listen {listeners.Address} and {listeners.SocketPath}: {e.Message}", e);
        }
    }
}

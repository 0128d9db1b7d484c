using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sleigh.Api;
using Sleigh.Api.Peers;
using Sleigh.Linux;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary>The web server: TCP for clients, a unix socket for the administrator.</summary>
internal static class HttpFront
{
    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Where the administrator's socket lies.</summary>
    public static string SocketPath(SleighOptions options) => options.Http.Socket ?? Path.Combine(options.StateDir, "sleigh.sock");

    /// <summary>Listens and serves.</summary>
    /// <exception cref="ListenException">An address is taken or not ours.</exception>
    public static async Task<WebApplication> StartAsync(
        SleighOptions options, IReadOnlyList<ShownSetting> settings, SleighRuntime runtime, ILoggerFactory loggers)
    {
        string socket = SocketPath(options);
        SocketPeerPolicy policy = SocketPeerPolicy.ForThisHost(options.Http.SocketGroup);

        // The empty builder and an own content root: the default one watches the content root, which under systemd is '/'.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = options.StateDir });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            SleighApi.ConfigureKestrel(kestrel);
            kestrel.Listen(options.Http.Listen);
            kestrel.ListenUnixSocket(socket, listen => listen.UseSocketPeers(policy));
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
            Settings = settings,
            Host = runtime.Host,
            Pool = runtime.Pool,
            Idempotency = runtime.Idempotency,
            Options = options,
            Version = VersionOf.ThisBuild,
            Logger = loggers.CreateLogger("Sleigh.Api"),
        });
        try
        {
            // The data directory's lock is ours, so a socket file that is still there belongs to nobody.
            File.Delete(socket);
            await app.StartAsync();
            Restrict(socket, policy);
            return app;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await app.DisposeAsync();
            throw new ListenException($"http.listen {options.Http.Listen} is in use by another program; stop that one, or choose another port", e);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or UnauthorizedAccessException)
        {
            await app.DisposeAsync();
            throw new ListenException($"cannot listen on http.listen {options.Http.Listen} and {socket}: {e.Message}", e);
        }
    }

    private static void Restrict(string socket, SocketPeerPolicy policy)
    {
        if (policy.GroupGid is uint group)
        {
            Files.SetOwner(Descriptors.WorkingDirectory, socket, policy.DaemonUid, group);
        }

        File.SetUnixFileMode(socket, SocketMode);
    }
}

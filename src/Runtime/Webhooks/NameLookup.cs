using System.Net;

namespace Sleigh.Runtime;

/// <summary>
/// Asks the system for the addresses of a name, on threads of its own: getaddrinfo(3) blocks, for many seconds where a name server is silent,
/// and must not take the threads that everything else runs on.
/// </summary>
internal static class NameLookup
{
    private const int AtOnce = 32;

    private static readonly SemaphoreSlim Free = new(AtOnce);

    /// <summary>The addresses.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There are none.</exception>
    /// <exception cref="OperationCanceledException">It took too long; the question goes on behind it, and keeps its place until it is answered.</exception>
    public static async Task<IPAddress[]> FindAsync(string name, CancellationToken cancellationToken)
    {
        await Free.WaitAsync(cancellationToken);
        Task<IPAddress[]> asking = Task.Factory.StartNew(() => Ask(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return await asking.WaitAsync(cancellationToken);
    }

    private static IPAddress[] Ask(string name)
    {
        try
        {
            return Dns.GetHostAddresses(name);
        }
        finally
        {
            Free.Release();
        }
    }
}

using System.Buffers;

namespace Sleigh.Api.Ingress;

/// <summary>Carries bytes on as they come. Nothing is held while there is nothing to carry: a read into no room waits for the first byte.</summary>
internal static class Pieces
{
    /// <summary>Waits for bytes, and writes and flushes them.</summary>
    /// <param name="from">Where they come from: a connection, or what is read of one.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="most">How many at once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False: there was nothing more.</returns>
    public static async ValueTask<bool> PassAsync(Stream from, Stream to, int most, CancellationToken cancellationToken)
    {
        _ = await from.ReadAsync(Memory<byte>.Empty, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            int count = await from.ReadAsync(buffer.AsMemory(0, most), cancellationToken);
            if (count == 0)
            {
                return false;
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            await to.FlushAsync(cancellationToken);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

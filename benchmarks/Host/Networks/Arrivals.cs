using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>
/// Reads one connection on a thread of its own and notes when something came. The sender's records are of 16 bytes: a number, and the time at which it was sent by
/// CLOCK_MONOTONIC in nanoseconds, which is <see cref="Stopwatch"/>'s clock on Linux and the same in every namespace but one of time.
/// </summary>
internal sealed class Arrivals : IDisposable
{
    private const int RecordBytes = 16;

    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly List<long> _times = [];
    private readonly List<long> _sent = [];

    public Arrivals(Socket socket)
    {
        _socket = socket;
        _thread = new Thread(Read) { IsBackground = true, Name = "arrivals" };
        _thread.Start();
    }

    /// <summary>When the last bytes came, and how often some came.</summary>
    public (long Last, int Count) Now
    {
        get
        {
            lock (_lock)
            {
                return (_times.Count > 0 ? _times[^1] : 0, _times.Count);
            }
        }
    }

    /// <summary>How many of the records that have come were sent between two moments.</summary>
    public int SentBetween(long from, long to)
    {
        lock (_lock)
        {
            return _sent.Count(s => s > from && s < to);
        }
    }

    /// <summary>Resets the connection, which tells the sender to open another.</summary>
    public void Dispose()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
        _thread.Join();
    }

    private void Read()
    {
        byte[] buffer = new byte[64 * 1024];
        int held = 0;
        while (true)
        {
            int got;
            try
            {
                got = _socket.Receive(buffer, held, buffer.Length - held, SocketFlags.None);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            long now = Stopwatch.GetTimestamp();
            if (got == 0)
            {
                return;
            }

            held += got;
            int whole = held / RecordBytes * RecordBytes;
            lock (_lock)
            {
                _times.Add(now);
                for (int at = 0; at < whole; at += RecordBytes)
                {
                    _sent.Add(BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(at + 8)));
                }
            }

            buffer.AsSpan(whole, held - whole).CopyTo(buffer);
            held -= whole;
        }
    }
}

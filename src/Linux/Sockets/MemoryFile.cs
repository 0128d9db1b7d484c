using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// Anonymous files in memory that can no longer change (memfd_create(2), file seals in fcntl(2), Linux 3.17): a way to hand
/// another process bytes that it can read in place and trust to stay as they are.
/// </summary>
public static class MemoryFile
{
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int SealShrink = 2;
    private const int SealGrow = 4;
    private const int SealWrite = 8;

    /// <summary>Makes a file with this content, sealed against writing, growing and shrinking.</summary>
    /// <param name="name">For people who look into /proc; at most 249 bytes.</param>
    /// <param name="content">What it holds.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle CreateSealed(string name, ReadOnlySpan<byte> content)
    {
        SafeFileHandle file = Create(name, content);
        if (SocketCalls.FileControl(file, AddSeals, SealShrink | SealGrow | SealWrite) != 0)
        {
            KernelException refused = KernelException.Last("seal", name);
            file.Dispose();
            throw refused;
        }

        return file;
    }

    /// <summary>Makes a file with this content that may still change.</summary>
    /// <param name="name">For people who look into /proc; at most 249 bytes.</param>
    /// <param name="content">What it holds.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Create(string name, ReadOnlySpan<byte> content)
    {
        nint descriptor = SocketCalls.CreateMemoryFile(name, CloseOnExec | AllowSealing);
        if (descriptor < 0)
        {
            throw KernelException.Last("make memory file", name);
        }

        SafeFileHandle file = new(descriptor, ownsHandle: true);
        RandomAccess.Write(file, content, 0);
        return file;
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.IntegrationTests.Linux;

/// <summary>inotify on directories: whether anybody opens or reads anything in them.</summary>
public sealed partial class OpenWatch : IDisposable
{
    private const int NonBlocking = 0x800;
    private const uint AccessAndOpen = 0x1 | 0x20;
    private readonly SafeFileHandle _events = new(InotifyInit(NonBlocking), ownsHandle: true);

    public void Add(string path) => Assert.True(AddWatch(_events, path, AccessAndOpen) > 0, $"watch {path}");

    public bool SawSomething() => Read(_events, new byte[4096], 4096) > 0;

    public void Dispose() => _events.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(SafeFileHandle events, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle file, byte[] buffer, nuint size);
}

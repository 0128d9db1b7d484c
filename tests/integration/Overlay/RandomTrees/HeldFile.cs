using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>A file that a process has open, and mapped once it is large enough, over snapshots, renames and its removal.</summary>
internal sealed class HeldFile(SafeFileHandle file, string name) : IDisposable
{
    private const int Mapped = 4096;

    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;

    /// <summary>Changes a byte, by a store to memory or by a write.</summary>
    public bool Store(Random random, ref string what)
    {
        int at = random.Next(Mapped);
        byte value = (byte)random.Next(256);
        bool isStore = random.Next(3) != 0;

        // A store to a page behind the end would end this process.
        if (isStore && RandomAccess.GetLength(file) >= Mapped)
        {
            _map ??= MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            _view ??= _map.CreateViewAccessor(0, Mapped);
            what = $"store {value} at {at} to memory of what was {name}";
            _view.Write(at, value);
        }
        else
        {
            what = $"write {value} at {at} to what was {name}";
            RandomAccess.Write(file, [value], at);
        }

        return true;
    }

    public void Dispose()
    {
        _view?.Dispose();
        _map?.Dispose();
        file.Dispose();
    }
}

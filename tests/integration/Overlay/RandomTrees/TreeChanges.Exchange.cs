using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

internal sealed partial class TreeChanges
{
    private const uint RenameExchange = 2;

    /// <summary>renameat2(2) with RENAME_EXCHANGE.</summary>
    private static void Exchange(SafeFileHandle root, KernelPath one, KernelPath other)
    {
        if (RenameAt2(root, [.. one.Bytes, 0], root, [.. other.Bytes, 0], RenameExchange) != 0)
        {
            throw KernelException.Last("exchange", one.ToString());
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    private static partial int RenameAt2(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to, uint flags);
}

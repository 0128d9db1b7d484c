using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;

namespace Sleigh.Linux.Tests.Sockets;

public sealed class MemoryFileTests
{
    [Fact]
    public void A_sealed_file_holds_its_content_and_takes_no_more()
    {
        using SafeFileHandle file = MemoryFile.CreateSealed("test", "content"u8);
        byte[] bytes = new byte[20];

        Assert.Equal(7, RandomAccess.Read(file, bytes, 0));
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(file, "x"u8, 0));
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(file, 3));
        Assert.Equal(7, RandomAccess.GetLength(file));
    }

    [Fact]
    public void An_unsealed_file_can_still_change()
    {
        using SafeFileHandle file = MemoryFile.Create("test", "content"u8);

        RandomAccess.Write(file, "x"u8, 7);

        Assert.Equal(8, RandomAccess.GetLength(file));
    }

    [Fact]
    public void An_empty_file_can_be_sealed()
    {
        using SafeFileHandle file = MemoryFile.CreateSealed("test", []);

        Assert.Equal(0, RandomAccess.GetLength(file));
    }

    [Fact]
    public void A_name_that_is_too_long_is_an_error_with_the_name()
    {
        string name = new('n', 300);

        KernelException error = Assert.Throws<KernelException>(() => MemoryFile.Create(name, []));

        Assert.Equal(Errno.EINVAL, error.Errno);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}

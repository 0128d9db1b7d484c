using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Tests;

public sealed class FileLockTests
{
    [Fact]
    public void One_has_the_hold_until_it_closes_the_directory_and_the_kernel_tells_who()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sl-lock-");
        try
        {
            SafeFileHandle first = Files.Open(folder.FullName, OpenFlags.ReadOnly | OpenFlags.Directory);
            using SafeFileHandle second = Files.Open(folder.FullName, OpenFlags.ReadOnly | OpenFlags.Directory);
            Assert.Null(FileLock.HolderOf(second));
            Assert.True(FileLock.TryTake(first));
            Assert.True(FileLock.TryTake(first));

            Assert.False(FileLock.TryTake(second));

            first.Dispose();
            Assert.True(FileLock.TryTake(second));
        }
        finally
        {
            folder.Delete();
        }
    }

    [Theory]
    [InlineData("1: FLOCK  ADVISORY  WRITE 23066 00:26:1914449 0 EOF\n", new[] { 23066 })]
    [InlineData("1: POSIX  ADVISORY  WRITE 7 00:26:1914449 0 EOF\n2: FLOCK  ADVISORY  READ 8 fe:00:1914449 0 EOF\n3: FLOCK  ADVISORY  READ 9 00:26:1914449 0 EOF\n4: FLOCK  ADVISORY  READ 7 00:26:1914449 0 EOF\n", new[] { 9, 7 })]
    [InlineData("1: FLOCK  ADVISORY  WRITE 0 00:26:1914449 0 EOF\n", new int[0])]
    [InlineData("1: FLOCK  ADVISORY  WRITE -1 00:26:1914449 0 EOF\n", new int[0])]
    [InlineData("1: FLOCK  ADVISORY  WR", new int[0])]
    [InlineData("", new int[0])]
    public void The_holders_are_the_processes_on_the_lines_of_the_file(string locks, int[] holders) =>
        Assert.Equal(holders, FileLock.HoldersOf(locks, Files.DeviceNumber(0, 0x26), 1914449));
}

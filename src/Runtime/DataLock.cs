using Sleigh.Linux;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>
/// The hold of one daemon on its data directory; nobody else opens a runtime there. It goes with the process, however that ends.
/// </summary>
public sealed class DataLock : IDisposable
{
    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _file;

    private DataLock(FileStream file) => _file = file;

    /// <summary>Makes the data and state directories where they are missing, and takes the hold.</summary>
    /// <exception cref="StartException">Another daemon has it, or the directories cannot be used.</exception>
    public static DataLock Take(SleighOptions options)
    {
        try
        {
            Directory.CreateDirectory(options.DataDir, OwnerOnly);
            Directory.CreateDirectory(options.StateDir);
            return new DataLock(new FileStream(
                Path.Combine(options.DataDir, "sleighd.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == (int)Errno.EAGAIN)
        {
            throw new StartException(
                StartFailureKind.AlreadyRunning, $"data_dir {options.DataDir} is in use by another sleighd; stop that one, or choose another data_dir", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StartFailures.Storage(options, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

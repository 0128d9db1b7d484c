using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>Small things about file descriptors that several calls share.</summary>
public static class Descriptors
{
    /// <summary>
    /// Stands where a call wants a directory: paths are then looked up from the process's working directory, so
    /// pass absolute ones. It is AT_FDCWD and is never closed.
    /// </summary>
    public static SafeFileHandle WorkingDirectory { get; } = new(-100, ownsHandle: false);

    /// <summary>A path that reaches the open file itself, whatever its name is by now; needs /proc.</summary>
    public static string PathOf(SafeFileHandle file) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Number(file)}");

    /// <summary>The path of a name below an open directory.</summary>
    public static KernelPath PathOf(SafeFileHandle directory, KernelPath name) =>
        IsWorkingDirectory(directory) ? name : KernelPath.FromString(PathOf(directory)).Join(name);

    /// <summary>The descriptor's number, valid while the caller keeps the handle.</summary>
    public static int Number(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return (int)file.DangerousGetHandle();
    }

    /// <summary>What an error message calls a name below an open directory.</summary>
    public static string Describe(SafeFileHandle directory, KernelPath path) =>
        IsWorkingDirectory(directory) || path.Bytes.StartsWith("/"u8)
            ? path.ToString()
            : path.IsEmpty ? NameOf(directory) : $"{NameOf(directory)}/{path}";

    internal static SafeFileHandle Own(nint descriptor) => new(descriptor, ownsHandle: true);

    private static bool IsWorkingDirectory(SafeFileHandle directory) => Number(directory) == -100;

    private static string NameOf(SafeFileHandle file)
    {
        try
        {
            return new FileInfo(PathOf(file)).LinkTarget ?? PathOf(file);
        }
        catch (IOException)
        {
            return PathOf(file);
        }
    }
}

namespace Sleigh.Runtime.Slots;

/// <summary>The read-only root of all slots: sleigh-init and empty mount points.</summary>
internal static class Skeleton
{
    private static readonly string[] MountPoints = ["proc", "dev", "sys", "run", "tmp"];

    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <summary>Makes the skeleton, or puts a new sleigh-init in its place; running slots keep the old one.</summary>
    /// <exception cref="FileNotFoundException">There is no sleigh-init where the configuration says.</exception>
    public static void Prepare(string directory, string initBinary)
    {
        if (!File.Exists(initBinary))
        {
            throw new FileNotFoundException($"init.path {initBinary} does not exist; build it with 'make build' or install the package", initBinary);
        }

        Directory.CreateDirectory(directory, Readable | UnixFileMode.UserWrite);
        foreach (string name in MountPoints)
        {
            Directory.CreateDirectory(Path.Combine(directory, name), Readable);
        }

        string beside = Path.Combine(directory, ".sleigh-init.new");
        File.Copy(initBinary, beside, overwrite: true);
        File.SetUnixFileMode(beside, Readable);
        File.Move(beside, Path.Combine(directory, "sleigh-init"), overwrite: true);
    }
}

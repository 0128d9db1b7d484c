using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>What goes from a tree into an archive.</summary>
internal enum TreeContent
{
    /// <summary>Files, directories and links.</summary>
    Files,

    /// <summary>Also FIFOs, devices and extended attributes; of /proc, /sys and /dev the empty directories. Sockets are left out.</summary>
    Everything,

    /// <summary>The same, for a layer of an image, in which some names mean something else.</summary>
    Layer,
}

/// <summary>The rules of <see cref="TreeContent"/>.</summary>
internal static class TreeContents
{
    /// <summary>
    /// Whether an extended attribute means something elsewhere: not what the overlay keeps for itself, nor what this host's security modules
    /// say of the file.
    /// </summary>
    public static bool IsCarried(string attribute) =>
        !attribute.StartsWith("trusted.overlay.", StringComparison.Ordinal) && !attribute.Contains('=', StringComparison.Ordinal)
        && attribute is not ("security.selinux" or "security.ima" or "security.evm");

    /// <summary>Refuses a name that a layer cannot hold.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>.</exception>
    public static void Check(this TreeContent content, KernelPath name)
    {
        if (content == TreeContent.Layer && name.Bytes[(name.Bytes.LastIndexOf((byte)'/') + 1)..].StartsWith(LayerMarks.Prefix))
        {
            throw TreeFileException.NotAllowed(
                $"/{name}", "in a layer of an image, names that begin with .wh. mean deletions; export the tree, or remove the file and take another snapshot");
        }
    }
}

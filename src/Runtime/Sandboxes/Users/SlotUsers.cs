using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Looks users up in the files of the tree that a slot holds.</summary>
internal static class SlotUsers
{
    private const int MaxFileBytes = 1 << 20;

    /// <summary>Finds a user; null with a reason.</summary>
    public static ResolvedUser? Find(Slot slot, string wanted, out string reason)
    {
        if (!UserName.TryParse(wanted, out UserName? name))
        {
            reason = $"'{wanted}' is no user";
            return null;
        }

        ResolvedUser? user = UserDatabase.Resolve(name, ReadText(slot, "/etc/passwd"), ReadText(slot, "/etc/group"), out reason);
        if (user is null || ((uint[])[user.Uid, user.Gid, .. user.Groups]).All(slot.Owners.Has))
        {
            return user;
        }

        reason = $"with a user namespace (sandbox.user_namespace), ids end at {slot.Owners.Count - 1}";
        return null;
    }

    private static string ReadText(Slot slot, string path)
    {
        try
        {
            return slot.Tree is SafeFileHandle root && TreeFiles.ReadSmallFile(root, path, MaxFileBytes) is byte[] text
                ? Encoding.UTF8.GetString(text)
                : string.Empty;
        }
        catch (Exception e) when (e is KernelException or InvalidDataException)
        {
            // A sandbox that has made its own /etc/passwd unreadable has no names; numbers still work.
            return string.Empty;
        }
    }
}

namespace Sleigh.Runtime;

/// <summary>Looks a user up in the text of a sandbox's own /etc/passwd and /etc/group. Lines it cannot read are skipped, as libc does.</summary>
public static class UserDatabase
{
    private const int MaxGroups = 64;

    /// <summary>Finds a user; null with a reason when a name is unknown. A number needs no entry.</summary>
    /// <param name="user">Who is asked for.</param>
    /// <param name="passwd">Text of /etc/passwd; empty when there is none.</param>
    /// <param name="group">Text of /etc/group; empty when there is none.</param>
    /// <param name="reason">Why there is no such user.</param>
    public static ResolvedUser? Resolve(UserName user, string passwd, string group, out string reason)
    {
        reason = string.Empty;
        bool numeric = UserName.TryNumber(user.User, out uint uid);
        string[]? entry = Lines(passwd, 7).FirstOrDefault(f => f[0] == user.User)
            ?? (numeric ? Lines(passwd, 7).FirstOrDefault(f => UserName.TryNumber(f[2], out uint u) && u == uid) : null);
        uint gid = 0;
        if (entry is not null && UserName.TryNumber(entry[2], out uint entryUid) && UserName.TryNumber(entry[3], out uint entryGid))
        {
            (uid, gid) = (entryUid, entryGid);
        }
        else if (!numeric)
        {
            reason = $"unknown user {user.User}";
            return null;
        }

        if (user.Group is string name && !TryGroup(name, group, out gid))
        {
            reason = $"unknown group {name}";
            return null;
        }

        return new ResolvedUser(
            uid, gid, user.Group is null && entry is not null ? Memberships(entry[0], gid, group) : [],
            entry is { } e && e[5].StartsWith('/') ? e[5] : "/", entry?[0]);
    }

    private static bool TryGroup(string name, string group, out uint gid)
    {
        string[]? entry = Lines(group, 4).FirstOrDefault(f => f[0] == name);
        return UserName.TryNumber(entry?[2] ?? name, out gid);
    }

    private static uint[] Memberships(string name, uint primary, string group) =>
    [
        .. Lines(group, 4)
            .Where(f => f[3].Split(',').Contains(name))
            .Select(f => UserName.TryNumber(f[2], out uint gid) ? gid : primary)
            .Append(primary).Distinct().Take(MaxGroups),
    ];

    private static IEnumerable<string[]> Lines(string text, int fields) =>
        text.Split('\n').Select(line => line.Split(':')).Where(f => f.Length == fields && f[0].Length > 0);
}

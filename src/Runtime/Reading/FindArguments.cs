namespace Sleigh.Runtime.Reading;

/// <summary>What find must not be told. Its actions count wherever they stand, behind <c>--</c> too: that ends the options before the paths only.</summary>
internal static class FindArguments
{
    /// <summary>The first argument that can write or execute; null when there is none.</summary>
    public static string? FindRefused(IEnumerable<string> arguments) => arguments.FirstOrDefault(IsRefused);

    // By their beginnings, so that what a version adds (-execdir, -fprint0, bfs's -okdir) is covered too; -rm deletes in BSD and bfs.
    private static bool IsRefused(string argument)
    {
        if (!argument.StartsWith('-'))
        {
            return false;
        }

        string action = argument.TrimStart('-');
        return (Begins(action, "exec") && action != "executable")
            || Begins(action, "ok") || Begins(action, "delete") || Begins(action, "fprint") || Begins(action, "fls") || action == "rm";
    }

    private static bool Begins(string action, string name) => action.StartsWith(name, StringComparison.Ordinal);
}

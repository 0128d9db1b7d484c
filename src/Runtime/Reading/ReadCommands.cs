namespace Sleigh.Runtime.Reading;

/// <summary>
/// The programs of endpoint 24, and the rule that nothing is written or executed through them. The image chooses which implementation
/// stands under a name (GNU, busybox, BSD, ...), so that an argument passes only if it is harmless to all of them.
/// </summary>
public static class ReadCommands
{
    private const int MostShown = 200;

    /// <summary>Every command there is, in the contract's order.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["cat", "sed", "head", "tail", "ls", "tree", "grep", "rg", "find", "fd", "wc", "stat"];

    /// <summary>Commands whose exit status 1 says that nothing was found.</summary>
    public static bool IsSearch(string command) => command is "grep" or "rg";

    /// <summary>Refuses what is no read command, and every argument with which it can write or execute.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedReadCommand"/>, <see cref="ErrorKind.ReadOnlyViolation"/>.</exception>
    public static void Check(string command, IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (!All.Contains(command))
        {
            throw new RuntimeException(ErrorKind.UnsupportedReadCommand, "unsupported read command")
            {
                Hint = $"use one of: {string.Join(", ", All)}; anything else runs with POST .../exec",
                Details = new Dictionary<string, object> { ["allowed"] = All },
            };
        }

        if (FindRefused(command, arguments) is { } argument)
        {
            throw new RuntimeException(
                ErrorKind.ReadOnlyViolation, $"ops/read refuses {command} {Clip(argument)}: it can write or execute")
            {
                Hint = "what cannot be read for sure is refused too; write it more plainly, or run it with POST .../exec",
                Details = new Dictionary<string, object> { ["command"] = command, ["argument"] = argument },
            };
        }
    }

    /// <summary>The first argument that is refused; null when there is none.</summary>
    internal static string? FindRefused(string command, IReadOnlyList<string> arguments) => command switch
    {
        "sed" => SedArguments.FindRefused(arguments),
        "find" => FindArguments.FindRefused(arguments),
        _ => OptionRules.Of(command) is { } rules ? OptionScan.FindRefused(rules, arguments) : null,
    };

    private static string Clip(string argument)
    {
        if (argument.Length <= MostShown)
        {
            return argument;
        }

        int end = char.IsHighSurrogate(argument[MostShown - 1]) ? MostShown - 1 : MostShown;
        return argument[..end] + "...";
    }
}

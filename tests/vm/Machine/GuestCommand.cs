namespace Sleigh.VmTests.Machine;

/// <summary>A command to run in the machine, as root in <c>/</c>.</summary>
/// <param name="Arguments">The program, found in the PATH, and its arguments. No shell looks at them.</param>
public sealed record GuestCommand(params IReadOnlyList<string> Arguments)
{
    private static readonly string[] Always = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"];

    /// <summary>A text for <c>sh -c</c>, with the values for <c>$1</c>, <c>$2</c>…</summary>
    public static GuestCommand Shell(string text, params IEnumerable<string> values) => new(["sh", "-c", text, "sh", .. values]);

    /// <summary>Given to its standard input, which is empty otherwise.</summary>
    public ReadOnlyMemory<byte> Stdin { get; init; }

    /// <summary>Variables beside PATH, HOME and LANG.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>After which it is killed and counts as failed. Everything is 10 to 60 times slower in an emulated machine.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    internal IEnumerable<string> Variables => Always.Concat(Environment.Select(v => $"{v.Key}={v.Value}"));

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Arguments);
}

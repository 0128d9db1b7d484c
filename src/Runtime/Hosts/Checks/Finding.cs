namespace Sleigh.Runtime.Checks;

/// <summary>What one check came to: <c>ok</c>, <c>warn</c> or <c>fail</c>, the fact seen, and the command that mends it.</summary>
internal readonly record struct Finding(string Result, string Seen, string? Remedy)
{
    public static Finding Ok(string seen) => new("ok", seen, null);

    public static Finding Warn(string seen, string? remedy) => new("warn", seen, remedy);

    public static Finding Fail(string seen, string? remedy) => new("fail", seen, remedy);
}

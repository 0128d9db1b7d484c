namespace Sleigh.Architecture.Tests.Contract;

/// <summary>A list of what is missing, which must be empty.</summary>
internal static class Missing
{
    /// <summary>Fails with every entry, each on its line.</summary>
    public static void None(IEnumerable<string> missing)
    {
        string[] all = [.. missing];
        Assert.True(all.Length == 0, $"{all.Length} missing:\n{string.Join('\n', all)}");
    }
}

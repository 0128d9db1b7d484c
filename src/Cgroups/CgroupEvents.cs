namespace Sleigh.Cgroups;

/// <summary>The file <c>cgroup.events</c>.</summary>
/// <param name="Populated">A live process is in the cgroup or below it.</param>
/// <param name="Frozen">Every process in it and below it has stopped (Linux 5.2).</param>
public readonly record struct CgroupEvents(bool Populated, bool Frozen)
{
    /// <summary>Reads the file's text. Unknown lines are skipped.</summary>
    /// <exception cref="FormatException">There is no <c>populated</c> line, or a value is not a number.</exception>
    public static CgroupEvents Parse(string text)
    {
        FlatKeyed values = FlatKeyed.Parse(text);
        return new CgroupEvents(values["populated"] != 0, values.Find("frozen") is > 0);
    }
}

using System.Text.RegularExpressions;

namespace Sleigh.Containerd;

/// <summary>An image to be made from Debian packages.</summary>
public sealed partial record BootstrapRequest
{
    /// <summary>The image's name, full or short.</summary>
    public required string Name { get; init; }

    /// <summary>The release, e.g. <c>bookworm</c>.</summary>
    public string Suite { get; init; } = "bookworm";

    /// <summary>Packages beyond those of the variant.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>mmdebstrap's word for how much is in it: <c>minbase</c>, <c>apt</c>, <c>essential</c>, <c>standard</c>…</summary>
    public string Variant { get; init; } = "minbase";

    /// <summary>
    /// Mirrors as mmdebstrap takes them (a URI or a whole sources.list line); none for those that this host's apt uses for the suite.
    /// </summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <exception cref="ImageException">A value is not valid.</exception>
    internal void Check()
    {
        ImageName.Parse(Name);
        Require(SuiteForm().IsMatch(Suite), "suite", Suite);
        Require(WordForm().IsMatch(Variant), "variant", Variant);
        foreach (string package in Include)
        {
            Require(PackageForm().IsMatch(package), "package", package);
        }
    }

    private static void Require(bool valid, string what, string value)
    {
        if (!valid)
        {
            throw new ImageException(ImageErrorKind.InvalidName, $"'{value}' is not the name of a {what}");
        }
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9./-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SuiteForm();

    [GeneratedRegex(@"\A[a-z][a-z-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex WordForm();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]{0,127}(:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PackageForm();
}

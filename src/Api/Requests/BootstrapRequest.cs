using System.Text.RegularExpressions;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/images/bootstrap</c>.</summary>
internal sealed partial record BootstrapRequest(string? Name, string? Suite, IReadOnlyList<string>? Include)
{
    public static readonly string[] Fields = ["session_token", "name", "suite", "include"];

    private const int MostPackages = 1000;

    /// <summary>Checks the types.</summary>
    public static BootstrapRequest Read(BodyFields fields) =>
        new(fields.String("name"), fields.String("suite"), fields.List("include"));

    /// <summary>Checks the values. Packages and suite become arguments of a program, so nothing that looks like an option passes.</summary>
    public (string Name, string Suite, IReadOnlyList<string> Include) Check()
    {
        string name = string.IsNullOrWhiteSpace(Name) ? throw ApiErrors.Required("name").Exception() : Name;
        if (!ImageName.IsValid(name))
        {
            throw ApiErrors.Invalid("name", "is not an image name").Exception();
        }

        string suite = string.IsNullOrWhiteSpace(Suite) ? throw ApiErrors.Required("suite").Exception() : Suite;
        if (!SuiteForm().IsMatch(suite))
        {
            throw ApiErrors.Invalid("suite", "is not the name of a release").Exception();
        }

        IReadOnlyList<string> include = Include ?? [];
        if (include.Count > MostPackages || include.Any(p => !PackageForm().IsMatch(p)))
        {
            throw ApiErrors.Invalid("include", $"must be at most {MostPackages} names of Debian packages").Exception();
        }

        return (name, suite, include);
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9.-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SuiteForm();

    // Debian Policy 5.6.1: lower case letters, digits, + - . and at least two characters; an architecture may follow.
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]{1,127}(:[a-z0-9-]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PackageForm();
}

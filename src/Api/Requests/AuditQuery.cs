using System.Globalization;
using System.Text.RegularExpressions;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Requests;

/// <summary>What of the audit log is wanted.</summary>
/// <param name="Lines">The most lines to begin with.</param>
/// <param name="Target">Only lines about the thing with this id; null: all.</param>
/// <param name="Follow">Whether the reply goes on with what is added.</param>
internal sealed partial record AuditQuery(int Lines, string? Target, bool Follow)
{
    private const int MostLines = 10_000;
    private const int UsualLines = 100;

    /// <summary>Checks the parameters.</summary>
    public static AuditQuery Parse(string? lines, string? target, string? follow)
    {
        if (target is not null && !Id().IsMatch(target))
        {
            throw ApiErrors.Invalid("target", "must be an id, such as sbx_0123456789ab").Exception();
        }

        int count = lines is null ? UsualLines
            : int.TryParse(lines, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= MostLines ? number
            : throw ApiErrors.Invalid("lines", $"must be 0 to {MostLines}").Exception();
        return new AuditQuery(count, target, FileQuery.Flag("follow", follow));
    }

    [GeneratedRegex(@"\A[a-z]{2,5}_[0-9a-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

using System.Text;
using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>The paths that name a directory of a zone and its place in a sandbox. Texts are the contract's.</summary>
internal static class ZonePaths
{
    private const int MaxPath = 4095;

    /// <summary>A path below a zone's root, cleaned; empty for the root itself.</summary>
    public static string Below(string field, string? text)
    {
        string sent = Require(field, text);
        return Fits(sent) && PlainPath.Below(sent) is { } path ? path : throw ApiErrors.PathNotAllowed(field, $"{field} cannot escape allowed root").Exception();
    }

    /// <summary>An absolute path of a sandbox, cleaned.</summary>
    /// <param name="field">Its name.</param>
    /// <param name="text">As it was sent.</param>
    /// <param name="relative">What is said of a path that is not absolute.</param>
    /// <param name="unusable">What is said of one that no file can have, or that is at or under /proc, /sys, /dev.</param>
    /// <param name="root">What is said of the root itself.</param>
    public static string InSandbox(string field, string? text, string relative, string unusable, string root)
    {
        string sent = Require(field, text);
        if (!sent.StartsWith('/'))
        {
            throw ApiErrors.PathNotAllowed(field, relative).Exception();
        }

        string path = PlainPath.Absolute(sent);
        if (path == "/")
        {
            throw ApiErrors.PathNotAllowed(field, root).Exception();
        }

        return Fits(sent) && !PlainPath.IsKernels(path) ? path : throw ApiErrors.PathNotAllowed(field, unusable).Exception();
    }

    private static string Require(string field, string? text) =>
        string.IsNullOrWhiteSpace(text) ? throw ApiErrors.RequiredExactly(field).Exception() : text;

    private static bool Fits(string path) => !path.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(path) <= MaxPath;
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Rules that fields of several endpoints share. Each gives the value, or throws 400 with the field's name.</summary>
internal static partial class FieldRules
{
    private const int MaxEnv = 128;
    private const int MaxEnvBytes = 64 * 1024;
    private const int MaxLabels = 64;
    private const int MaxLabelKey = 128;
    private const int MaxLabelValue = 1024;
    private const int MaxPath = 4095;
    private const int MostShown = 40;

    // The kernel refuses an argument of 128 KiB (MAX_ARG_STRLEN); the contract stays below it.
    private const int MostCommandBytes = 120_000;

    /// <summary>Labels of the caller's own, in number and length.</summary>
    public static void CheckLabels(string field, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count > MaxLabels)
        {
            throw ApiErrors.Invalid(field, $"may hold at most {MaxLabels} labels").Exception();
        }

        foreach ((string key, string value) in labels)
        {
            if (key.Length == 0 || Characters(key) > MaxLabelKey)
            {
                throw ApiErrors.Invalid(field, $"has a key that is not 1 to {MaxLabelKey} characters long").Exception();
            }

            if (Characters(value) > MaxLabelValue)
            {
                throw ApiErrors.Invalid(field, $"has a value of more than {MaxLabelValue} characters").Exception();
            }
        }
    }

    /// <summary>The label that decides who may be frozen for whom.</summary>
    public static void CheckPriority(string field, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.TryGetValue(SandboxPriority.Label, out string? text) && !SandboxPriority.TryParse(text, out _))
        {
            string shown = text.Length <= MostShown ? text : text[..MostShown] + "...";
            throw ApiErrors.Invalid(
                $"{field}.{SandboxPriority.Label}",
                string.Create(CultureInfo.InvariantCulture, $"is '{shown}', must be an integer from {SandboxPriority.Least} to {SandboxPriority.Most}")).Exception();
        }
    }

    /// <summary>Environment of commands.</summary>
    public static IReadOnlyDictionary<string, string> Env(string field, IReadOnlyDictionary<string, string>? env)
    {
        if (env is null)
        {
            return new Dictionary<string, string>();
        }

        if (env.Count > MaxEnv)
        {
            throw ApiErrors.Invalid(field, $"may hold at most {MaxEnv} variables").Exception();
        }

        long bytes = 0;
        foreach ((string name, string value) in env)
        {
            if (!EnvName().IsMatch(name))
            {
                throw ApiErrors.Invalid(field, "has a name that is not letters, digits and _ with no digit first").Exception();
            }

            if (value.Contains('\0', StringComparison.Ordinal))
            {
                throw ApiErrors.Invalid(field, $"has a NUL character in the value of {name}").Exception();
            }

            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);
        }

        return bytes <= MaxEnvBytes ? env : throw ApiErrors.Invalid(field, $"may hold at most {MaxEnvBytes} bytes in all").Exception();
    }

    /// <summary>Secrets of commands: as <see cref="Env"/>, and no name that stands in the request's variables too.</summary>
    public static IReadOnlyDictionary<string, string> Secrets(
        string field, IReadOnlyDictionary<string, string>? secrets, IReadOnlyDictionary<string, string>? env)
    {
        IReadOnlyDictionary<string, string> read = Env(field, secrets);
        return read.Keys.FirstOrDefault(name => env?.ContainsKey(name) is true) is { } both
            ? throw ApiErrors.Invalid(field, $"and env both have {both}; a variable is one or the other").Exception()
            : read;
    }

    /// <summary><c>name</c>, <c>uid</c> or <c>uid:gid</c>; numbers up to 2147483647.</summary>
    public static string? User(string field, string? user)
    {
        bool ok = user is null || UserName().IsMatch(user)
            || (user.Split(':') is { Length: 1 or 2 } parts && Array.TrueForAll(parts, IsId));
        return ok ? user : throw ApiErrors.Invalid(field, "must be a user name, a uid, or uid:gid").Exception();
    }

    /// <summary>A path from the root on.</summary>
    public static string? AbsolutePath(string field, string? path)
    {
        bool ok = path is null
            || (path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(path) <= MaxPath);
        return ok ? path : throw ApiErrors.Invalid(field, $"must be an absolute path of at most {MaxPath} bytes").Exception();
    }

    /// <summary>A command for a shell, trimmed and not blank.</summary>
    public static string Command(string field, string command)
    {
        if (Encoding.UTF8.GetByteCount(command) > MostCommandBytes)
        {
            throw (ApiErrors.Invalid(field, $"may be at most {MostCommandBytes} bytes long") with
            {
                Hint = "write a script with ops/code/write and run it",
            }).Exception();
        }

        return command.Contains('\0', StringComparison.Ordinal) ? throw ApiErrors.Invalid(field, "must not contain a NUL character").Exception() : command;
    }

    /// <summary>A path, absolute or not.</summary>
    public static string Path(string field, string path) =>
        path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(path) > MaxPath
            ? throw ApiErrors.Invalid(field, $"must be a path of at most {MaxPath} bytes").Exception()
            : path;

    /// <summary>An integer in a range; 0 and not sent give null where 0 means the default.</summary>
    public static int? Range(string field, long? value, int least, int most, bool zeroIsDefault)
    {
        if (value is null or 0 && (value is null || zeroIsDefault))
        {
            return null;
        }

        return value >= least && value <= most
            ? (int)value
            : throw ApiErrors.Invalid(field,
                string.Create(CultureInfo.InvariantCulture, $"must be {least} to {most}{(zeroIsDefault ? ", or 0 for the default" : "")}")).Exception();
    }

    /// <summary>Free text up to a length; blank is the same as not sent.</summary>
    public static string? Text(string field, string? text, int most)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return Characters(text) <= most ? text : throw ApiErrors.Invalid(field, $"may be at most {most} characters long").Exception();
    }

    /// <summary>An id that must not be blank where it is sent at all.</summary>
    public static string? NotBlank(string field, string? text) =>
        text is null || !string.IsNullOrWhiteSpace(text) ? text?.Trim() : throw ApiErrors.Invalid(field, "must not be blank").Exception();

    /// <summary>Code points, as a person counts characters in any script.</summary>
    public static int Characters(string text) => text.EnumerateRunes().Count();

    private static bool IsId(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex EnvName();

    // useradd(8) is stricter; images may hold more.
    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserName();
}

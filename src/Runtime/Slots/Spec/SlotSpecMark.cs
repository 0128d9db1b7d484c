using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Tells by a short text whether a container that runs was made as one would be made now. Two hashes (SHA-256) with a colon between them: of the filter
/// of system calls, and of all that slots have in common. What is a slot's own is left out: its paths, its network namespace, its limits.
/// </summary>
internal static class SlotSpecMark
{
    private static readonly string Filter = Hash(OfFilter());

    /// <summary>The mark of a container of this spec.</summary>
    public static string Of(SlotSpec spec, RuntimeClass runtime)
    {
        byte[] common = SlotSpecWriter.Write(spec with
        {
            HostDirectory = "", CgroupsPath = "", NetworkNamespace = null, RuntimeLimits = null,
            Proc = [.. spec.Proc.Select(bind => bind with { Source = bind.Source.Replace(spec.HostDirectory, "", StringComparison.Ordinal) })],
        });
        return string.Create(CultureInfo.InvariantCulture, $"{Filter}:{Hash([.. common, .. Encoding.UTF8.GetBytes($"{runtime.Shim} {runtime.Program}")])}");
    }

    /// <summary>Whether a container of this mark has the filter of system calls that this version writes. Null: made before there were marks.</summary>
    public static bool HasOurFilter(string? mark) => mark is not null && mark.StartsWith(Filter + ":", StringComparison.Ordinal);

    private static byte[] OfFilter()
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            SeccompProfile.Write(json);
        }

        return text.WrittenSpan.ToArray();
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}

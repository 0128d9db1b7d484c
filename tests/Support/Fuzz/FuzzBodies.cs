using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Sleigh.TestSupport;

/// <summary>Generated bodies: JSON that is nearly right, and bytes that are no JSON at all.</summary>
public static class FuzzBodies
{
    private static readonly string[] Atoms =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e2", "512.0", "1e999", "-1e999", "1e-999", "2147483648", "-2147483649",
        "9223372036854775808", "99999999999999999999999999999999", "0.1234567890123456789012345678901234567890", "\"\"", "\" \"", "\"a\"", "\"512\"",
        "\"true\"", "\"/\"", "\"../../etc/passwd\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\udc00\\ud800\"", "\"\\ufeff\"",
        "\"\\u202e\\u200b\"", "\"e\\u0301\"", "\"ä€😀\"", "\"\\r\\nX-A: b\"", "\"$(id)\"", "\"' or 1=1\"", "\"%s%n\"", "[]", "{}", "[null]", "[1,2]", "[\"a\",null]", "[[]]",
        "{\"\":\"\"}", "{\"a\":1}", "{\"a\":null}", "{\"a\":{}}", "{\"A=B\":\"c\"}", "{\"a\":\"b\",\"a\":\"c\"}", "NaN", "Infinity", "0x10", "01", "+1", "'a'", "undefined",
    ];

    private static readonly string[] OddNames = ["", "session_token", "unknown", "IMAGE", "\\u0000", "\\ud800", "__proto__", "constructor", "labels.a", "名前"];

    private static readonly Gen<string> Deep =
        from depth in Gen.Elements(5, 63, 64, 65, 500, 5000)
        from open in Gen.Elements("[", "{\"a\":")
        from isClosed in Gen.Elements(true, false)
        select string.Concat(Enumerable.Repeat(open, depth)) + (isClosed ? "1" + new string(open == "[" ? ']' : '}', depth) : "");

    private static readonly Gen<string> Long =
        from length in Gen.Elements(64, 129, 1025, 4097, 65_537, 120_001, 300_000)
        from letter in Gen.Elements("a", "\\u0000", "€", "\\\"", "😀")
        select $"\"{string.Concat(Enumerable.Repeat(letter, length / letter.Length))}\"";

    private static readonly Gen<string> Odd = Gen.Frequency((60, Gen.Elements(Atoms)), (2, Deep), (1, Long), (6, Gen.Choose(int.MinValue, int.MaxValue).Select(n => n.ToString(CultureInfo.InvariantCulture))));

    /// <summary>Bodies for an endpoint whose members are these.</summary>
    public static Gen<byte[]> For(string[] names) => Gen.Frequency(
        (1, Gen.Constant(Array.Empty<byte>())),
        (2, Garbage()),
        (20, Objects(names).SelectMany(Bent)));

    private static Gen<string> Objects(string[] names)
    {
        Gen<string> odd = from name in names.Length > 0 ? Gen.Frequency((6, Gen.Elements(names)), (1, Gen.Elements(OddNames))) : Gen.Elements(OddNames)
                          from value in Odd
                          select $"\"{Wire(name)}\":{value}";
        Gen<string> member = names.Length > 0
            ? Gen.Frequency((5, Gen.Elements(names).SelectMany(name => Gen.Elements(FuzzFields.Fitting[name]).Select(value => $"\"{Wire(name)}\":{value}"))), (1, odd))
            : odd;
        return from count in Gen.Choose(0, 7)
               from members in Gen.ArrayOf(member, count)
               from space in Gen.Elements("", " ", "\n\t")
               select $"{{{string.Join($",{space}", members)}}}";
    }

    // The field of ops/read has the name of exec's, but another meaning.
    private static string Wire(string name) => name == "read_command" ? "command" : name;

    // Most go as they are; some are cut, doubled in part, or get a byte put in.
    private static Gen<byte[]> Bent(string text) =>
        from what in Gen.Choose(0, 14)
        from share in Gen.Choose(0, 1000)
        from noise in Gen.Choose(0, 255)
        select Bend(Encoding.UTF8.GetBytes(text), what, share, (byte)noise);

    private static byte[] Bend(byte[] text, int what, int share, byte noise)
    {
        int at = text.Length * share / 1000;
        return what switch
        {
            0 => text[..at],
            1 => [.. text, .. text[at..]],
            2 => [.. text[..at], noise, .. text[at..]],
            _ => text,
        };
    }

    private static Gen<byte[]> Garbage() =>
        from length in Gen.Elements(1, 2, 7, 100, 5000)
        from bytes in Gen.ArrayOf(Gen.Choose(0, 255), length)
        select bytes.Select(b => (byte)b).ToArray();
}

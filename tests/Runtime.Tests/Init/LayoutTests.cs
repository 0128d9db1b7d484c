using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Init;

/// <summary>Both sides of the wire are compared through what the built program says of its own structures.</summary>
public sealed class LayoutTests
{
    private static readonly Dictionary<string, Type> Structures = new()
    {
        ["si_header"] = typeof(InitProtocol.Header),
        ["si_start"] = typeof(InitProtocol.Start),
        ["si_name"] = typeof(InitProtocol.Id),
        ["si_signal"] = typeof(InitProtocol.Signal),
        ["si_hold"] = typeof(InitProtocol.HoldBody),
        ["si_held"] = typeof(InitProtocol.HeldBody),
        ["si_piece"] = typeof(InitProtocol.Piece),
        ["si_resize"] = typeof(InitProtocol.Resize),
        ["si_started"] = typeof(InitProtocol.Started),
        ["si_failed"] = typeof(InitProtocol.Failed),
        ["si_done"] = typeof(InitProtocol.Done),
        ["si_list_entry"] = typeof(InitProtocol.ListEntry),
        ["si_listed"] = typeof(InitProtocol.Listed),
        ["si_pong"] = typeof(InitProtocol.Pong),
        ["si_record"] = typeof(InitProtocol.Record),
    };

    private static readonly Dictionary<string, long> Constants = new()
    {
        ["SI_VERSION"] = InitProtocol.Version,
        ["SI_FRAME_MAX"] = InitProtocol.FrameMax,
        ["SI_ID_SIZE"] = InitProtocol.IdSize,
        ["SI_PAYLOAD_MAX"] = InitProtocol.PayloadMax,
        ["SI_ARGUMENTS_MAX"] = InitProtocol.ArgumentsMax,
        ["SI_ENVIRONMENT_MAX"] = InitProtocol.EnvironmentMax,
        ["SI_GROUPS_MAX"] = InitProtocol.GroupsMax,
        ["SI_RING_SIZE"] = InitProtocol.RingSize,
        ["SI_RING_CHUNK"] = InitProtocol.RingChunk,
        ["SI_RECORD_MAGIC"] = InitProtocol.RecordMagic,
        ["SI_STAGE_EXEC"] = (long)StartStage.Exec,
        ["SI_HELD_MAX"] = InitProtocol.HeldMax,
        ["SI_PIECE_MAX"] = InitProtocol.PieceMax,
        ["SI_FEATURE_HOLD"] = InitProtocol.HoldFeature,
        ["SI_ENDED"] = (long)InitProtocol.FrameType.Ended,
    };

    [HostFact(Need.InitBinary)]
    public void The_program_and_its_client_agree_on_every_offset_and_size()
    {
        List<string> differences = [];
        int compared = 0;
        foreach (string line in ReadLayout())
        {
            string[] words = line.Split(' ');
            (long offset, long size) = (Number(words[2]), Number(words[3]));
            (long Offset, long Size) ours = Ours(words[0], words[1]);
            compared++;
            if (ours != (offset, size))
            {
                differences.Add($"{line}: ours is {ours.Offset} {ours.Size}");
            }
        }

        Assert.Empty(differences);
        Assert.True(compared > 70, $"only {compared} lines");
    }

    private static (long Offset, long Size) Ours(string structure, string member)
    {
        if (structure == "constant")
        {
            return (Constants[member], 0);
        }

        Type type = Structures[structure];
        if (member == "*")
        {
            return (0, Marshal.SizeOf(type));
        }

        // The streams are two fields here and one array there; the entries follow the head of a list.
        return (structure, member) switch
        {
            ("si_record", "streams") => (Marshal.OffsetOf(type, "Stdout"), 2 * Marshal.SizeOf<InitProtocol.Stream>()),
            ("si_piece", "data") => (Marshal.SizeOf(type), InitProtocol.PieceMax),
            ("si_listed", "entries") => (Marshal.SizeOf(type), 100 * Marshal.SizeOf<InitProtocol.ListEntry>()),
            _ => (Marshal.OffsetOf(type, Pascal(member)), SizeOf(type.GetField(Pascal(member))!)),
        };
    }

    private static int SizeOf(FieldInfo field) =>
        Marshal.SizeOf(field.FieldType.IsEnum ? Enum.GetUnderlyingType(field.FieldType) : field.FieldType);

    private static string Pascal(string snake) =>
        string.Concat(snake.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string[] ReadLayout()
    {
        using Process process = Process.Start(
            new ProcessStartInfo(Host.InitBinary, "--layout") { RedirectStandardOutput = true })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

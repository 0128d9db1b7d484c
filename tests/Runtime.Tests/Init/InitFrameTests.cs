using System.Runtime.CompilerServices;
using System.Text;
using Sleigh.Runtime.Init;
using static Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Runtime.Tests.Init;

public sealed class InitFrameTests
{
    private static readonly ExecId SomeId = ExecId.Parse("exec_0123456789ab");

    [Fact]
    public void A_frame_is_a_header_and_its_body()
    {
        byte[] frame = InitFrame.Write(FrameType.Signal, 7, new Signal { ExecId = InitFrame.WriteId(SomeId), Number = 15 });

        Assert.Equal(48, frame.Length);
        Assert.Equal([4, 0, 1, 0, 7, 0, 0, 0], frame[..8]);
        Assert.Equal("exec_0123456789ab", Encoding.ASCII.GetString(frame, 8, 32).TrimEnd('\0'));
        Assert.Equal(15, frame[40]);
        Assert.True(InitFrame.TryRead(frame, out Header header, out ReadOnlySpan<byte> body));
        Assert.Equal((FrameType.Signal, 7u), (header.Type, header.Seq));
        Assert.True(InitFrame.TryReadBody(body, out Signal signal));
        Assert.Equal(15, signal.Number);
    }

    [Fact]
    public void A_cut_off_or_longer_frame_is_none()
    {
        byte[] frame = InitFrame.Write(FrameType.Pong, 7, new Pong { Running = 1 });

        for (int length = 0; length < frame.Length; length++)
        {
            bool read = InitFrame.TryRead(frame.AsSpan(0, length), out _, out ReadOnlySpan<byte> body);
            Assert.Equal(length >= 8, read);
            Assert.False(read && InitFrame.TryReadBody(body, out Pong _));
        }

        Assert.False(InitFrame.TryReadBody([.. frame[8..], 0], out Pong _));
    }

    [Fact]
    public void Another_version_is_no_frame()
    {
        byte[] frame = InitFrame.Write(FrameType.Ping, 1);
        frame[2] = 2;

        Assert.False(InitFrame.TryRead(frame, out _, out _));
    }

    [Fact]
    public void An_id_survives_the_wire_and_what_is_none_is_refused()
    {
        Assert.True(InitFrame.TryReadId(InitFrame.WriteId(SomeId), out ExecId id));
        Assert.Equal(SomeId, id);
        Assert.False(InitFrame.TryReadId(default, out _));
        Assert.False(InitFrame.TryReadId(Field(new string('a', 32)), out _));
        Assert.False(InitFrame.TryReadId(Field("exec_0123456789ab\0x"), out _));
        Assert.False(InitFrame.TryReadId(Field("exec_0123456789ax"), out _));
    }

    [Fact]
    public void A_list_is_read_with_all_its_entries_and_no_part_of_it()
    {
        byte[] body = new byte[Unsafe.SizeOf<Listed>() + (2 * Unsafe.SizeOf<ListEntry>())];
        body[0] = 2;
        body[4] = 1;
        foreach (int at in (int[])[8, 48])
        {
            "exec_0123456789ab"u8.CopyTo(body.AsSpan(at));
            body[at + 32] = (byte)ExecState.Running;
            body[at + 36] = 42;
        }

        List<ListedExec> entries = [];
        Assert.True(InitFrame.TryReadListed(body, entries, out bool more));
        Assert.True(more);
        Assert.Equal([new ListedExec(SomeId, ExecState.Running, 42), new ListedExec(SomeId, ExecState.Running, 42)], entries);
        for (int length = 0; length < body.Length; length++)
        {
            Assert.False(InitFrame.TryReadListed(body.AsSpan(0, length), [], out _));
        }

        body[8 + 32] = 9;
        Assert.False(InitFrame.TryReadListed(body, [], out _));
        body[0] = body[1] = body[2] = body[3] = 0xFF;
        Assert.False(InitFrame.TryReadListed(body, [], out _));
    }

    [Fact]
    public void The_payload_is_groups_then_strings_that_end_in_zero()
    {
        byte[] payload = InitFrame.WritePayload(Request() with { Groups = [1, 258], WorkingDirectory = "/é" });

        Assert.Equal("\x01\0\0\0\x02\x01\0\0/é\0echo\0a b\0\0A=1\0", Encoding.UTF8.GetString(payload));
    }

    [Fact]
    public void What_does_not_fit_a_payload_says_why()
    {
        Assert.Equal(
            "0 arguments, 1 variables and 0 groups; 1 to 4096, at most 4096 and at most 256 can be passed",
            Assert.Throws<ArgumentException>(() => InitFrame.WritePayload(Request() with { Arguments = [] })).Message);
        Assert.Equal(
            "arguments and environment have 1048584 bytes, at most 1048576 can be passed",
            Assert.Throws<ArgumentException>(
                () => InitFrame.WritePayload(Request() with { Arguments = ["x", new string('y', (1 << 20) - 1)] })).Message);
        Assert.Equal(
            "a zero character stands in the directory, an argument or the environment",
            Assert.Throws<ArgumentException>(() => InitFrame.WritePayload(Request() with { Environment = ["A=\0"] })).Message);
    }

    [Fact]
    public void A_start_with_a_terminal_has_no_spool_for_stderr()
    {
        InitStart start = Request() with { Terminal = new TerminalSize(1, 1) };

        Assert.Throws<ArgumentException>(() => start.Descriptors(start.Root));
        Assert.Equal(4, (start with { StderrSpool = null }).Descriptors(start.Root).Length);
        Assert.Equal(6, (Request() with { Stdin = start.Root }).Descriptors(start.Root).Length);
        Assert.Throws<ArgumentException>(() => (Request() with { StderrSpool = null }).Descriptors(start.Root));
    }

    private static InitStart Request()
    {
        Microsoft.Win32.SafeHandles.SafeFileHandle none = new();
        return new InitStart
        {
            ExecId = SomeId,
            Arguments = ["echo", "a b", ""],
            Environment = ["A=1"],
            SpoolCap = 1,
            Root = none,
            StdoutSpool = none,
            StderrSpool = none,
            Record = none,
        };
    }

    private static unsafe Id Field(string text)
    {
        Id field = default;
        Encoding.ASCII.GetBytes(text, new Span<byte>(field.Bytes, IdSize));
        return field;
    }
}

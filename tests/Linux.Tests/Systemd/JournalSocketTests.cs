using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;
using Sleigh.Linux.Systemd;

namespace Sleigh.Linux.Tests.Systemd;

public sealed class JournalSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private Socket _journald = null!;

    public JournalSocketTests() => Listen();

    private string PathName => Path.Combine(_folder, "socket");

    public void Dispose()
    {
        _journald.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void An_entry_is_one_datagram()
    {
        using JournalSocket journal = new(PathName);

        Assert.True(journal.TrySend("MESSAGE=one\n"u8));
        Assert.True(journal.TrySend("MESSAGE=two\n"u8));

        Assert.Equal(("MESSAGE=one\n", "MESSAGE=two\n"), (Receive(), Receive()));
    }

    [Fact]
    public unsafe void An_entry_that_is_too_large_goes_as_a_sealed_file()
    {
        byte[] entry = Encoding.ASCII.GetBytes($"MESSAGE={new string('x', 4_000_000)}\n");
        using JournalSocket journal = new(PathName);

        Assert.True(journal.TrySend(entry));

        byte* control = stackalloc byte[64];
        SocketCalls.MessageHeader message = new() { Control = control, ControlLength = 64 };
        Assert.Equal(0, SocketCalls.ReceiveMessage(_journald.SafeHandle, &message, SocketCalls.CloseOnExec));
        SocketCalls.ControlHeader* header = (SocketCalls.ControlHeader*)control;
        Assert.Equal((SocketCalls.SolSocket, SocketCalls.ScmRights, (nuint)20), (header->Level, header->Type, header->Length));
        using SafeFileHandle file = new(*(int*)(header + 1), ownsHandle: true);
        byte[] got = new byte[entry.Length + 1];
        Assert.Equal(entry.Length, RandomAccess.Read(file, got, 0));
        Assert.True(entry.AsSpan().SequenceEqual(got.AsSpan(0, entry.Length)));
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(file, "x"u8, 0));
        Assert.True(journal.TrySend("MESSAGE=after\n"u8));
        Assert.Equal("MESSAGE=after\n", Receive());
    }

    [Fact]
    public void A_journald_that_was_started_anew_is_found_again()
    {
        using JournalSocket journal = new(PathName);
        Assert.True(journal.TrySend("MESSAGE=one\n"u8));
        _journald.Dispose();
        File.Delete(PathName);
        Assert.False(journal.TrySend("MESSAGE=lost\n"u8));

        Listen();

        Assert.True(journal.TrySend("MESSAGE=two\n"u8));
        Assert.Equal("MESSAGE=two\n", Receive());
    }

    [Fact]
    public void A_journald_that_does_not_read_holds_up_for_a_moment_only()
    {
        using JournalSocket journal = new(PathName);
        long begin = Environment.TickCount64;
        int sent = 0;
        while (journal.TrySend("MESSAGE=x\n"u8) && sent++ < 10_000)
        {
        }

        Assert.True(sent < 10_000, "the queue of the socket never got full");
        Assert.InRange(Environment.TickCount64 - begin, 500, 20_000);
    }

    [Fact]
    public void Standard_error_goes_to_the_journal_only_where_device_and_inode_agree()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        using SafeFileHandle open = File.OpenHandle(file);
        FileStatus status = Files.Stat(open);

        Assert.True(JournalSocket.IsStream($"{status.Device}:{status.Inode}", open));
        Assert.False(JournalSocket.IsStream($"{status.Device}:{status.Inode + 1}", open));
        Assert.False(JournalSocket.IsStream($"{status.Device + 1}:{status.Inode}", open));
        Assert.All([null, "", "8", "8:", "a:b", $"{status.Device}:{status.Inode}:1"], text => Assert.False(JournalSocket.IsStream(text, open)));
    }

    private void Listen()
    {
        _journald = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        _journald.Bind(new UnixDomainSocketEndPoint(PathName));
    }

    private string Receive()
    {
        byte[] buffer = new byte[65536];
        return Encoding.UTF8.GetString(buffer, 0, _journald.Receive(buffer));
    }
}

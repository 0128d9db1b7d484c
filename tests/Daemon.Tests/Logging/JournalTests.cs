using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Sleigh.Daemon.Logging;
using Sleigh.Linux.Systemd;

namespace Sleigh.Daemon.Tests.Logging;

/// <summary>Log lines as journald gets them, over a real socket, read by the rules of its protocol.</summary>
public sealed partial class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly Socket _journald = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
    private readonly StringWriter _otherwise = new();

    public JournalTests() => _journald.Bind(new UnixDomainSocketEndPoint(PathName));

    private string PathName => Path.Combine(_folder, "socket");

    public void Dispose()
    {
        _journald.Dispose();
        _otherwise.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void The_values_of_a_sentence_are_fields()
    {
        using JournalLog log = new(new JournalSocket(PathName), _otherwise);

        Made(log.CreateLogger("Sleigh"), "sbx_1", "sid_2", 1.5);

        Dictionary<string, string> entry = Receive();
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["MESSAGE"] = "Created sbx_1 of sid_2 in 1.5 ms", ["PRIORITY"] = "6", ["SYSLOG_IDENTIFIER"] = "sleighd", ["SLEIGH_EVENT_ID"] = "42",
                ["SLEIGH_CATEGORY"] = "Sleigh", ["SLEIGH_OPERATION"] = "create", ["SLEIGH_SANDBOX"] = "sbx_1", ["SLEIGH_SESSION"] = "sid_2",
            },
            entry);
    }

    [Fact]
    public void Scopes_add_fields_and_the_sentence_itself_counts_more()
    {
        using JournalLog log = new(new JournalSocket(PathName), _otherwise);
        ILogger logger = log.CreateLogger("Sleigh");

        using (logger.BeginScope(new Dictionary<string, object?> { ["Sandbox"] = "outer", ["Exec"] = "exe_3", ["Other"] = "x" }))
        {
            Made(logger, "sbx_1", null, 1);
        }

        Dictionary<string, string> entry = Receive();
        Assert.Equal(("sbx_1", "exe_3", false), (entry["SLEIGH_SANDBOX"], entry["SLEIGH_EXEC"], entry.ContainsKey("SLEIGH_SESSION")));
    }

    [Theory]
    [InlineData(LogLevel.Debug, "7")]
    [InlineData(LogLevel.Information, "6")]
    [InlineData(LogLevel.Warning, "4")]
    [InlineData(LogLevel.Error, "3")]
    [InlineData(LogLevel.Critical, "2")]
    public void Levels_are_those_of_syslog(LogLevel level, string priority)
    {
        using JournalLog log = new(new JournalSocket(PathName), _otherwise);

        log.CreateLogger("x").Log(level, new EventId(1), "text", null, (s, _) => s);

        Assert.Equal(priority, Receive()["PRIORITY"]);
    }

    [Fact]
    public void An_exception_is_there_in_full_over_many_lines_and_in_any_script()
    {
        using JournalLog log = new(new JournalSocket(PathName), _otherwise);
        static void Fail() => throw new InvalidOperationException("Schlägt\nfehl, 日本");
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(Fail);

        log.CreateLogger("x").Log(LogLevel.Error, new EventId(1), "It failed", thrown, (s, _) => s);

        Assert.Equal($"It failed\n{thrown}", Receive()["MESSAGE"]);
    }

    [Fact]
    public void Bytes_of_a_value_on_many_lines_stand_behind_their_length()
    {
        byte[] entry = new JournalEntry().Add("A", "x=y").Add("B", "one\ntwo").Add("C", "").Bytes.ToArray();

        Assert.Equal("A=x=y\nB\n\u0007\0\0\0\0\0\0\0one\ntwo\n", Encoding.UTF8.GetString(entry));
    }

    [Fact]
    public void A_token_that_somebody_logs_is_not_shown()
    {
        using JournalLog log = new(new JournalSocket(PathName), _otherwise);
        string token = "sess_0123456789abcdef0123456789abcdef";

        Made(log.CreateLogger("x"), token, token, 1);

        Assert.All(Receive().Values, value => Assert.DoesNotContain(token[5..], value, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_journald_the_sentence_goes_to_standard_error()
    {
        using (JournalLog log = new(new JournalSocket(PathName + "-not"), _otherwise))
        {
            Made(log.CreateLogger("x"), "sbx_1", "sid_2", 1.5);
        }

        Assert.Equal("Created sbx_1 of sid_2 in 1.5 ms" + Environment.NewLine, _otherwise.ToString());
    }

    [Fact]
    public void What_is_queued_at_the_end_is_sent()
    {
        using (JournalLog log = new(new JournalSocket(PathName), _otherwise))
        {
            ILogger logger = log.CreateLogger("x");
            for (int i = 0; i < 8; i++)
            {
                Made(logger, $"sbx_{i}", null, 1);
            }
        }

        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"sbx_{i}"), Enumerable.Range(0, 8).Select(_ => Receive()["SLEIGH_SANDBOX"]));
    }

    [LoggerMessage(EventId = 42, EventName = "create", Level = LogLevel.Information, Message = "Created {Sandbox} of {Session} in {Milliseconds:F1} ms")]
    private static partial void Made(ILogger logger, string sandbox, string? session, double milliseconds);

    private Dictionary<string, string> Receive()
    {
        byte[] buffer = new byte[65536];
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, _journald.Receive(buffer));
        Dictionary<string, string> fields = [];
        while (!rest.IsEmpty)
        {
            int line = rest.IndexOf((byte)'\n');
            int equals = rest[..line].IndexOf((byte)'=');
            string name = Encoding.ASCII.GetString(rest[..(equals < 0 ? line : equals)]);
            Assert.Matches("^[A-Z][A-Z0-9_]*$", name);
            int begin = equals < 0 ? line + 1 + sizeof(ulong) : equals + 1;
            int length = equals < 0 ? (int)BinaryPrimitives.ReadUInt64LittleEndian(rest[(line + 1)..]) : line - begin;
            fields.Add(name, Encoding.UTF8.GetString(rest.Slice(begin, length)));
            Assert.Equal((byte)'\n', rest[begin + length]);
            rest = rest[(begin + length + 1)..];
        }

        return fields;
    }
}

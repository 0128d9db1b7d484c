using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Auditing;

/// <summary>The audit log's files: whole lines, put aside in time, and nothing lost that nobody hears of.</summary>
public sealed class AuditLogTests : IDisposable
{
    private const long Least = 64 * 1024;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");
    private readonly ManualTime _time = new();
    private readonly LiveOptions _options;
    private readonly AuditLog _log;

    public AuditLogTests()
    {
        _options = new LiveOptions(new SleighOptions
        {
            DataDir = _folder.FullName,
            Audit = new AuditOptions { File = Path.Combine(_folder.FullName, "new", "audit.jsonl"), RotateSize = Least, RotateCount = 3 },
        });
        _log = new AuditLog(_options, _time, NullLogger.Instance);
    }

    private string File => _options.Now.AuditPath;

    public void Dispose()
    {
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Lines_are_json_in_a_file_and_a_folder_for_the_owner_alone()
    {
        Assert.True(Write("one"));
        Assert.True(Write("two"));

        string[] lines = System.IO.File.ReadAllLines(File);
        Assert.Equal(["one", "two"], lines.Select(Word));
        Assert.Equal("""{"time":"2026-01-05T09:00:00.000Z","operation":"one","phase":"done","targets":["sbx_000000000001"]}""", lines[0]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public void Of_strangers_that_are_refused_ten_a_second_have_lines_and_the_rest_are_counted()
    {
        AuditEntry stranger = new() { Time = _time.GetUtcNow(), Operation = "refused", Phase = "done", Via = "tcp", Status = 401 };
        for (int i = 0; i < 50; i++)
        {
            Assert.True(_log.TryWrite(stranger));
        }

        // With a session, with the api key or on the socket, each has its line.
        Assert.True(_log.TryWrite(stranger with { Operation = "known", Session = "sid_000000000001" }));
        Assert.True(_log.TryWrite(stranger with { Operation = "known", ApiKey = "sha256:000000000000" }));
        Assert.True(_log.TryWrite(stranger with { Operation = "known", Via = "socket" }));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Write("later"));

        string[] lines = System.IO.File.ReadAllLines(File);
        Assert.Equal([.. Enumerable.Repeat("refused", 10), "known", "known", "known", "audit-refused", "later"], lines.Select(Word));
        Assert.EndsWith(""" "phase":"done","refused":40}""".TrimStart(), lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_session_whose_calls_are_refused_ten_a_second_have_lines_and_all_that_was_done_has()
    {
        AuditEntry refused = new() { Time = _time.GetUtcNow(), Operation = "refused", Phase = "done", Via = "tcp", Session = "sid_000000000001", Status = 404 };
        for (int i = 0; i < 30; i++)
        {
            Assert.True(_log.TryWrite(refused));
            Assert.True(_log.TryWrite(refused with { Operation = "done", Status = 204 }));
            Assert.True(_log.TryWrite(refused with { Operation = "gone", Status = 499 }));
            Assert.True(_log.TryWrite(refused with { Operation = "begun", Phase = "begun", Status = null }));
            Assert.True(_log.TryWrite(refused with { Operation = "administrator", Via = "socket" }));
            Assert.True(_log.TryWrite(refused with { Operation = "in-part", Status = 400, MayHaveDonePart = true }));
        }

        Assert.True(_log.TryWrite(refused with { Operation = "neighbour", Session = "sid_000000000002" }));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_log.TryWrite(refused));

        string[] lines = System.IO.File.ReadAllLines(File);
        Assert.Equal(
            ["administrator 30", "audit-refused 1", "begun 30", "done 30", "gone 30", "in-part 30", "neighbour 1", "refused 11"],
            lines.GroupBy(Word, (word, of) => $"{word} {of.Count()}").Order(StringComparer.Ordinal));
        Assert.EndsWith(""" "phase":"done","session":"sid_000000000001","refused":20}""".TrimStart(), lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Strangers_over_TCP_do_not_hide_who_was_refused_at_the_socket()
    {
        AuditEntry refused = new() { Time = _time.GetUtcNow(), Operation = AuditEntry.RefusedAtDoor, Phase = "done", Via = "tcp", Status = 403 };
        for (int i = 0; i < 30; i++)
        {
            Assert.True(_log.TryWrite(refused));
        }

        for (int i = 0; i < 12; i++)
        {
            Assert.True(_log.TryWrite(refused with { Via = "socket", Uid = 1000 }));
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_log.TryWrite(refused with { Time = _time.GetUtcNow(), Operation = "later", Status = 200 }));

        string[] lines = System.IO.File.ReadAllLines(File);
        Assert.Equal(10, lines.Count(l => l.Contains("\"uid\":1000", StringComparison.Ordinal)));
        Assert.Contains(lines, l => l.Contains("\"via\":\"socket\",\"refused\":2}", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("\"phase\":\"done\",\"refused\":20}", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_refused_without_a_line_is_told_at_the_end_too()
    {
        AuditEntry refused = new() { Time = _time.GetUtcNow(), Operation = "refused", Phase = "done", Via = "tcp", Status = 401 };
        for (int i = 0; i < 12; i++)
        {
            Assert.True(_log.TryWrite(refused));
            Assert.True(_log.TryWrite(refused with { Session = "sid_000000000001" }));
        }

        _log.End();

        Assert.Equal(["audit-refused", "audit-refused", "daemon-stop"], System.IO.File.ReadAllLines(File)[20..].Select(Word));
    }

    [Theory]
    [InlineData(DeleteReason.Ttl, "ttl")]
    [InlineData(DeleteReason.Idle, "idle")]
    [InlineData(DeleteReason.Session, "session")]
    public void A_delete_that_no_request_asked_for_says_what_and_why(DeleteReason reason, string word)
    {
        Sandbox sandbox = Records.RecordStoreTests.Record().Sandbox;

        Assert.True(_log.TryWrite(AuditEntry.OfDelete(_time.GetUtcNow(), sandbox, reason)));

        Assert.Equal(
            $$"""{"time":"2026-01-05T09:00:00.000Z","operation":"delete-sandbox","phase":"done","pid":{{Environment.ProcessId}},"targets":["{{sandbox.Id}}","{{sandbox.Session}}"],"reason":"{{word}}"}""",
            Assert.Single(System.IO.File.ReadAllLines(File)));
    }

    [Fact]
    public void Files_put_aside_keep_their_order_when_the_clock_is_set_back()
    {
        string folder = Path.GetDirectoryName(File)!;
        Assert.True(Write("first"));
        System.IO.File.Move(File, File + ".20300101T000000.999Z");
        Assert.True(Write("second", new string('x', (int)Least - 200)));
        Assert.True(Write("third", new string('x', 300)));

        string[] aside = [.. Directory.GetFiles(folder, "*Z").Order(StringComparer.Ordinal)];
        Assert.Equal([File + ".20300101T000000.999Z", File + ".20300101T000001.000Z"], aside);
        Assert.Equal(["first", "second", "third"], _log.Read(10, null).First.Select(l => Word(Encoding.UTF8.GetString(l))));
    }

    [Fact]
    public void A_full_file_that_cannot_be_put_aside_grows_on_and_loses_nothing()
    {
        // A name that leaves no room for a time behind it.
        string file = Path.Combine(_folder.FullName, new string('a', 240));
        using AuditLog log = new(
            new LiveOptions(new SleighOptions { Audit = new AuditOptions { File = file, RotateSize = Least, RotateCount = 3 } }), _time, NullLogger.Instance);

        Assert.All(
            [Entry("first", new string('x', (int)Least - 200)), Entry("second", new string('x', 300)), Entry("third", new string('x', 300))],
            entry => Assert.True(log.TryWrite(entry)));

        Assert.Equal(["first", "second", "third"], System.IO.File.ReadAllLines(file).Select(Word));
    }

    [Fact]
    public void Without_a_file_of_its_own_it_lies_in_the_data_directory() =>
        Assert.Equal("/d/audit.jsonl", new SleighOptions { DataDir = "/d" }.AuditPath);

    [Fact]
    public void A_full_file_is_put_aside_the_oldest_go_and_a_reader_gets_every_line_once()
    {
        using AuditTail tail = _log.Read(10, null);
        List<string> read = [];
        for (int i = 0; i < 3000; i++)
        {
            // Two files put aside within the same moment: the clock stands most of the time.
            _time.Advance(i % 700 == 0 ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
            Assert.True(Write($"n{i}", new string('x', 100)));
            if (i % 450 == 0)
            {
                read.AddRange(tail.Next().Select(l => Word(Encoding.UTF8.GetString(l))));
            }
        }

        read.AddRange(tail.Next().Select(l => Word(Encoding.UTF8.GetString(l))));
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"n{i}"), read);
        string[] files = [.. Directory.GetFiles(Path.GetDirectoryName(File)!).Order(StringComparer.Ordinal)];
        Assert.Equal(4, files.Length);
        Assert.All(files, f => Assert.InRange(new FileInfo(f).Length, 1, Least));
        string[] kept = [.. files[1..].Concat(files[..1]).SelectMany(System.IO.File.ReadAllLines).Select(Word)];
        Assert.Equal(Enumerable.Range(3000 - kept.Length, kept.Length).Select(i => $"n{i}"), kept);
    }

    [Fact]
    public void The_last_lines_reach_over_files_that_were_put_aside()
    {
        for (int i = 0; i < 1500; i++)
        {
            Write($"n{i}", new string('x', 100), $"sbx_{i % 3:d12}");
        }

        using AuditTail all = _log.Read(1000, null);
        using AuditTail one = _log.Read(300, "sbx_000000000002");

        Assert.Equal(Enumerable.Range(500, 1000).Select(i => $"n{i}"), all.First.Select(l => Word(Encoding.UTF8.GetString(l))));
        Assert.Equal(Enumerable.Range(0, 1500).Where(i => i % 3 == 2).TakeLast(300).Select(i => $"n{i}"), one.First.Select(l => Word(Encoding.UTF8.GetString(l))));
        Assert.Empty(all.Next());
        Write("later");
        Assert.Equal("later", Word(Encoding.UTF8.GetString(Assert.Single(all.Next()))));
        Assert.Empty(one.Next());
    }

    [Fact]
    public void A_file_that_somebody_moves_away_is_made_anew_and_a_line_that_was_cut_off_spoils_no_other()
    {
        Write("one");
        System.IO.File.Move(File, File + ".old");
        Write("two");
        System.IO.File.AppendAllText(File, """{"half""");
        using AuditLog next = new(_options, _time, NullLogger.Instance);
        next.TryWrite(Entry("three"));

        Assert.Equal(["one"], System.IO.File.ReadAllLines(File + ".old").Select(Word));
        string[] lines = System.IO.File.ReadAllLines(File);
        Assert.Equal(("two", """{"half""", "three"), (Word(lines[0]), lines[1], Word(lines[2])));
    }

    [Fact]
    public async Task Lines_of_many_threads_stay_whole()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                Write($"t{t}-{i}", new string('x', 200));
            }
        })));

        string[] files = Directory.GetFiles(Path.GetDirectoryName(File)!);
        Assert.Equal(400, files.SelectMany(System.IO.File.ReadAllLines).Select(Word).Distinct().Count());
    }

    [Fact]
    public void What_could_not_be_written_is_counted_in_the_file_once_it_can_be_again()
    {
        string folder = Path.GetDirectoryName(File)!;
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(File);
        Assert.False(Write("lost"));
        Assert.False(Write("lost too"));
        Directory.Delete(File);

        Assert.True(Write("kept"));

        string[] lines = System.IO.File.ReadAllLines(File);
        using JsonDocument told = JsonDocument.Parse(lines[0]);
        Assert.Equal(("audit-lost", 2, "kept"), (told.RootElement.GetProperty("operation").GetString(), told.RootElement.GetProperty("lost").GetInt32(), Word(lines[1])));
    }

    [Fact]
    public void A_start_without_a_line_is_refused_where_changes_need_one()
    {
        Directory.CreateDirectory(File);
        _log.Begin();
        _options.Replace(_options.Now with { Audit = _options.Now.Audit with { OnFailure = AuditFailure.Refuse } });

        StartException refused = Assert.Throws<StartException>(_log.Begin);

        Assert.Equal($"the audit log {File} cannot be written and audit.on_failure is refuse; the log says why", refused.Message);
    }

    [Fact]
    public void A_link_is_not_followed_and_one_that_is_off_writes_nothing()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        string elsewhere = Path.Combine(_folder.FullName, "elsewhere");
        System.IO.File.CreateSymbolicLink(File, elsewhere);
        Assert.False(Write("lost"));
        _options.Replace(_options.Now with { Audit = _options.Now.Audit with { Enabled = false } });
        Assert.True(Write("nothing"));

        Assert.False(System.IO.File.Exists(elsewhere));
    }

    [Fact]
    public async Task Who_waits_is_woken_by_the_next_line()
    {
        Task added = _log.AddedAsync();
        Assert.False(added.IsCompleted);

        Write("one");

        await added.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private bool Write(string operation, string? route = null, string target = "sbx_000000000001") => _log.TryWrite(Entry(operation, route, target));

    private AuditEntry Entry(string operation, string? route = null, string target = "sbx_000000000001") =>
        new() { Time = _time.GetUtcNow(), Operation = operation, Phase = "done", Route = route, Targets = [target] };

    private static string Word(string line)
    {
        using JsonDocument read = JsonDocument.Parse(line);
        return read.RootElement.GetProperty("operation").GetString()!;
    }
}

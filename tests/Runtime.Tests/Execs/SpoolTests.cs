using System.Text;

namespace Sleigh.Runtime.Tests.Execs;

/// <summary>The output of commands that have ended, as results show it.</summary>
public sealed class SpoolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-spool-").FullName;
    private readonly Spool _spool;

    public SpoolTests() => _spool = new Spool(_folder, () => 1 << 20);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2999)]
    [InlineData(OutputTail.WindowBytes)]
    [InlineData(OutputTail.WindowBytes + 1)]
    [InlineData(500_000)]
    public void The_tail_of_a_final_stream_is_that_of_a_running_one(int bytes)
    {
        ExecId id = Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, bytes).Select(i => (char)('a' + (i % 26))))));

        string once = _spool.FinalTail(id, ExecStream.Stdout, bytes);

        Assert.Equal(_spool.Tail(id, ExecStream.Stdout, () => bytes), once);
        Assert.Equal(once, _spool.FinalTail(id, ExecStream.Stdout, bytes));
        Assert.Equal("", _spool.FinalTail(id, ExecStream.Stderr, 0));
    }

    [Fact]
    public void Code_points_are_counted_once_and_a_count_that_is_not_whole_does_not_count()
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aä\U0001F600", 10_000)));
        ExecId id = Write(text);
        string kept = Path.Combine(_folder, id.ToString(), "stdout.runes");
        string shown = _spool.FinalTail(id, ExecStream.Stdout, text.Length);
        Assert.StartsWith("...(truncated stdout: omitted 27000 runes, showing last 3000)\n", shown, StringComparison.Ordinal);
        Assert.Equal($"{text.Length} 30000 \n", File.ReadAllText(kept));

        // What is kept is what is shown; so the count is not made again.
        File.WriteAllText(kept, $"{text.Length} 40000 \n");
        Assert.Contains("omitted 37000 runes", _spool.FinalTail(id, ExecStream.Stdout, text.Length), StringComparison.Ordinal);

        foreach (string broken in new[] { "", $"{text.Length} 4", $"{text.Length} 40000 ", "7 40000 \n", "x y \n" })
        {
            File.WriteAllText(kept, broken);
            Assert.Equal(shown, _spool.FinalTail(id, ExecStream.Stdout, text.Length));
        }
    }

    [Fact]
    public void It_is_counted_ahead_only_where_it_is_long()
    {
        ExecId small = Write(new byte[100]);
        ExecId large = Write(new byte[100_000]);

        _spool.CountAhead(small, ExecStream.Stdout, 100);
        _spool.CountAhead(large, ExecStream.Stdout, 100_000);
        _spool.CountAhead(ExecId.New(), ExecStream.Stdout, 100_000);

        Assert.False(File.Exists(Path.Combine(_folder, small.ToString(), "stdout.runes")));
        Assert.Equal("100000 100000 \n", File.ReadAllText(Path.Combine(_folder, large.ToString(), "stdout.runes")));
    }

    [Fact]
    public void Without_its_files_a_stream_is_empty_and_removing_them_twice_is_fine()
    {
        ExecId id = Write(new byte[100_000]);
        _spool.Remove(id);
        _spool.Remove(id);

        Assert.Equal("", _spool.FinalTail(id, ExecStream.Stdout, 100));
        Assert.Equal("", _spool.FinalTail(id, ExecStream.Stdout, 100_000));
        Assert.Null(_spool.OpenRecord(id));
    }

    private ExecId Write(byte[] stdout)
    {
        ExecId id = ExecId.New();
        _spool.Create(id).Dispose();
        File.WriteAllBytes(Path.Combine(_folder, id.ToString(), "stdout"), stdout);
        return id;
    }
}

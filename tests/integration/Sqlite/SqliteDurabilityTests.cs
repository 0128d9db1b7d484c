using System.Diagnostics;
using System.Globalization;
using Sleigh.Linux.Sqlite;

namespace Sleigh.IntegrationTests.Sqlite;

public sealed class SqliteDurabilityTests(ITestOutputHelper output)
{
    private const string PathVariable = "SLEIGH_TEST_DATABASE";
    private static readonly string[] Schema = ["CREATE TABLE entry (id INTEGER PRIMARY KEY, pair INTEGER NOT NULL, text TEXT NOT NULL) STRICT"];

    [Fact]
    public async Task What_was_committed_survives_kill_9()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        string file = Path.Combine(folder, "sleigh.db");
        long total = 0;
        for (int round = 0; round < 3; round++)
        {
            // The test program runs itself, with the one test below; where it was started by dotnet, that needs its assembly.
            ProcessStartInfo info = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
            if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
            {
                info.ArgumentList.Add(typeof(SqliteDurabilityTests).Assembly.Location);
            }

            info.ArgumentList.Add("-method");
            info.ArgumentList.Add($"{typeof(SqliteDurabilityTests).FullName}.{nameof(Child_that_is_killed)}");
            foreach (string argument in (string[])["-explicit", "only", "-showLiveOutput"])
            {
                info.ArgumentList.Add(argument);
            }

            info.Environment[PathVariable] = file;
            using var child = Process.Start(info)!;
            string acknowledged = file + ".acknowledged";
            for (int i = 0; i < 1000 && Lines(acknowledged) < total + 200; i++)
            {
                await Task.Delay(10);
            }

            child.Kill();
            await child.WaitForExitAsync();

            // A line may be cut off by the kill; every whole one was written after its commit.
            long last = (await File.ReadAllTextAsync(acknowledged)).Split('\n')[..^1].Select(l => long.Parse(l, CultureInfo.InvariantCulture)).Max();
            using SqliteDatabase database = SqliteDatabase.Open(file, Schema);
            long kept = database.Read(c => c.Scalar("SELECT max(id) FROM entry"));
            Assert.InRange(kept, last, last + 2);
            Assert.Equal(kept, database.Read(c => c.Scalar("SELECT count(*) FROM entry")));
            Assert.Equal(0, database.Read(c => c.Scalar("SELECT count(*) FROM entry GROUP BY pair HAVING count(*) <> 2")));
            Assert.True(last >= total + 200);
            total = Lines(acknowledged);
            output.WriteLine($"round {round}: acknowledged up to {last}, found {kept}");
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact(Explicit = true)]
    public void Child_that_is_killed()
    {
        string file = Environment.GetEnvironmentVariable(PathVariable) ?? throw new InvalidOperationException($"{PathVariable} is not set");
        using SqliteDatabase database = SqliteDatabase.Open(file, Schema);
        using StreamWriter acknowledged = new(file + ".acknowledged", append: true) { AutoFlush = true };
        while (true)
        {
            long id = database.Write(c =>
            {
                long pair = c.Scalar("SELECT coalesce(max(pair), 0) + 1 FROM entry");
                Insert(c, pair);
                Insert(c, pair);
                return c.LastInsertRowId;
            });
            acknowledged.Write($"{id}\n");
        }
    }

    [Fact]
    public void Insert_and_select_rate()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder, "sleigh.db"), Schema))
        {
            for (int i = 0; i < 500; i++)
            {
                One(database, i);
            }

            long start = Stopwatch.GetTimestamp();
            const int Count = 10_000;
            for (int i = 0; i < Count; i++)
            {
                One(database, i);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            output.WriteLine($"{Count / seconds:F0} transactions of an insert, each followed by a select, in a second");

            start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Count; i++)
            {
                Select(database, i + 1);
            }

            output.WriteLine($"{Count / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} selects by key in a second");
            Assert.True(Count / seconds > 500);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static void One(SqliteDatabase database, int number)
    {
        long id = database.Write(c =>
        {
            Insert(c, number);
            return c.LastInsertRowId;
        });
        Assert.Equal("a text of the length of a command", Select(database, id));
    }

    private static string Select(SqliteDatabase database, long id) => database.Read(c =>
    {
        using SqliteStatement select = c.Prepare("SELECT text FROM entry WHERE id = ?1");
        return select.Bind(1, id).Step() ? select.GetText(0) : "";
    });

    private static void Insert(SqliteConnection connection, long pair)
    {
        using SqliteStatement insert = connection.Prepare("INSERT INTO entry (pair, text) VALUES (?1, ?2)");
        insert.Bind(1, pair).Bind(2, "a text of the length of a command").Run();
    }

    private static long Lines(string file) => File.Exists(file) ? File.ReadLines(file).LongCount() : 0;
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>
/// The daemon's records: intents before effects, results after them. A write that has returned survives the death of the daemon
/// (WAL); all calls are synchronous and short. One row per thing, read back whole at start.
/// </summary>
internal sealed partial class RecordStore : IDisposable
{
    private readonly SqliteDatabase _database;

    private readonly TimeProvider _time;
    private readonly Func<int> _keptEvents;

    private RecordStore(SqliteDatabase database, TimeProvider time, Func<int> keptEvents) => (_database, _time, _keptEvents) = (database, time, keptEvents);

    /// <summary>Opens or makes the database file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock of events; null: the system's.</param>
    /// <param name="keptEvents">How many events of a session are kept; asked with each event. Null: 1000.</param>
    /// <exception cref="SqliteException">It is damaged, unreadable, or of a newer version.</exception>
    public static RecordStore Open(string path, TimeProvider? time = null, Func<int>? keptEvents = null) =>
        new(SqliteDatabase.Open(path, Schema.Steps), time ?? TimeProvider.System, keptEvents ?? (() => 1000));

    /// <summary>Keeps a value in place of the one before; gives that.</summary>
    public string? ReplaceMeta(string key, string value) => _database.Write(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT value FROM meta WHERE key = ?1");
        string? before = select.Bind(1, key).Step() ? select.GetText(0) : null;
        using SqliteStatement put = db.Prepare("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        put.Bind(1, key).Bind(2, value).Run();
        return before;
    });

    /// <summary>A value made at first use and kept, such as the id of this installation.</summary>
    public string MetaOrAdd(string key, Func<string> make) => _database.Write(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT value FROM meta WHERE key = ?1");
        if (select.Bind(1, key).Step())
        {
            return select.GetText(0);
        }

        string value = make();
        using SqliteStatement insert = db.Prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)");
        insert.Bind(1, key).Bind(2, value).Run();
        return value;
    });

    /// <summary>What SQLite finds wrong with the database's pages (PRAGMA quick_check); empty: nothing. It reads the whole of it.</summary>
    public IReadOnlyList<string> Faults() => _database.Read(db =>
    {
        using SqliteStatement check = db.Prepare("PRAGMA quick_check(20)");
        return ReadAll(check, row => row.GetText(0)).Where(fault => fault != "ok").ToArray();
    });

    /// <summary>Whether the database answers.</summary>
    public bool Answers() => _database.Read(db => db.Scalar("SELECT 1")) == 1;

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static long Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static long? Time(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is long ms ? Time(ms) : null;

    private static long Micros(TimeSpan span) => (long)span.TotalMicroseconds;

    private static string Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    private static T Json<T>(string text, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(text, type) ?? throw new InvalidDataException($"a record holds no value where one must be: {text}");

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLower(CultureInfo.InvariantCulture);

    private static T Word<T>(string text)
        where T : struct, Enum => Enum.Parse<T>(text, ignoreCase: true);

    private static List<T> ReadAll<T>(SqliteStatement statement, Func<SqliteStatement, T> read)
    {
        List<T> rows = [];
        while (statement.Step())
        {
            rows.Add(read(statement));
        }

        return rows;
    }
}

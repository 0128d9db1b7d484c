using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Records;

/// <summary>Lists read what they show and no more, however much is recorded.</summary>
public sealed class QueryPlanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-plans-").FullName;
    private readonly SqliteDatabase _database;

    public QueryPlanTests() => _database = SqliteDatabase.Open(Path.Combine(_folder, "db"), Schema.Steps);

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_history_of_a_session_is_read_from_its_index_in_its_order(bool behindMark) =>
        AssertSearches(RecordStore.HistorySql(session: true, sandbox: false, behindMark), "SEARCH execs USING INDEX execs_session (session=?");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_commands_of_a_sandbox_are_read_from_its_index_in_their_order(bool behindMark) =>
        AssertSearches(RecordStore.HistorySql(session: false, sandbox: true, behindMark), "SEARCH execs USING INDEX execs_sandbox (sandbox=?");

    [Fact]
    public void Both_together_use_one_of_the_indexes() =>
        AssertSearches(RecordStore.HistorySql(session: true, sandbox: true, mark: false), "SEARCH execs USING INDEX execs_s");

    [Fact]
    public void All_commands_are_read_from_the_newest_on_without_sorting() =>
        Assert.Equal(["SCAN execs"], Plan(RecordStore.HistorySql(session: false, sandbox: false, mark: false)));

    [Fact]
    public void What_retention_deletes_is_found_by_its_end() =>
        AssertSearches(RecordStore.OldExecsSql, "SEARCH execs USING INDEX execs_ended (completed<?)");

    [Fact]
    public void What_a_deleted_sandbox_ran_is_found_by_its_sandbox() =>
        AssertSearches(RecordStore.ExecIdsSql, "SEARCH execs USING INDEX execs_sandbox (sandbox=?)");

    [Fact]
    public void Kept_replies_are_forgotten_by_their_age() =>
        AssertSearches(RecordStore.ForgetRepliesSql, "SEARCH idempotency USING COVERING INDEX idempotency_created (created<?)", "SEARCH idempotency USING INDEX idempotency_created (created<?)");

    [Fact]
    public void Events_are_read_on_from_a_number() => AssertSearches(RecordStore.EventsSql, "SEARCH events USING INDEX events_session (session=? AND seq>?)");

    [Fact]
    public void Events_of_all_are_read_on_from_a_number() =>
        AssertSearches(RecordStore.AllEventsSql, "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)");

    private void AssertSearches(string sql, params string[] oneOf)
    {
        string[] plan = Plan(sql);
        Assert.True(Array.Exists(oneOf, start => plan[0].StartsWith(start, StringComparison.Ordinal)), string.Join('\n', plan));
        Assert.DoesNotContain(plan, step => step.StartsWith("SCAN ", StringComparison.Ordinal) && step != "SCAN CONSTANT ROW");
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    private string[] Plan(string sql) => _database.Read(db =>
    {
        List<string> steps = [];
        using SqliteStatement explain = db.Prepare("EXPLAIN QUERY PLAN " + sql);
        while (explain.Step())
        {
            steps.Add(explain.GetText(3));
        }

        return steps.ToArray();
    });
}

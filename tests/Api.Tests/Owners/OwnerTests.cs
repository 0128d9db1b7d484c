using Sleigh.Api.Endpoints;

namespace Sleigh.Api.Tests.Owners;

/// <summary>Two owners never see or touch each other's things, endpoint by endpoint.</summary>
public sealed class OwnerTests
{
    private static IEnumerable<string> Endpoints => AllEndpoints.List().Select(e => $"{e.Method} {string.Join('/', e.Segments)}");

    public static TheoryData<string> Known() => [.. Endpoints.Intersect(OwnerTable.Rows.Keys)];

    [Fact]
    public void Every_endpoint_has_a_row_and_every_row_an_endpoint()
    {
        Assert.Equal("", string.Join('\n', Endpoints.Except(OwnerTable.Rows.Keys).Select(e => $"no row: {e}")));
        Assert.Equal("", string.Join('\n', OwnerTable.Rows.Keys.Except(Endpoints).Except(OwnerTable.Awaited).Select(e => $"no such endpoint: {e}")));
        Assert.Equal("", string.Join('\n', OwnerTable.Awaited.Intersect(Endpoints).Select(e => $"no longer awaited: {e}")));
        Assert.All(OwnerTable.Rows, row => Assert.NotEmpty(row.Value));
    }

    [Fact]
    public void What_the_path_names_is_tried()
    {
        foreach ((string endpoint, OwnerCheck[] checks) in OwnerTable.Rows)
        {
            bool isAdministrators = endpoint.Contains(" admin/", StringComparison.Ordinal);
            Assert.Equal(isAdministrators, checks.Contains(OwnerChecks.Administrators));
            Has("{sessionId}", OwnerChecks.Session);
            Has("{execId}", OwnerChecks.Part);
            Has("{snapshotId}", OwnerChecks.Part);
            Has("{mountId}", OwnerChecks.Part);
            Assert.Equal(!isAdministrators && endpoint.Contains("{id}", StringComparison.Ordinal), checks.Contains(OwnerChecks.Sandbox));

            void Has(string variable, OwnerCheck check) => Assert.True(!endpoint.Contains(variable, StringComparison.Ordinal) || checks.Contains(check), endpoint);
        }
    }

    [Theory]
    [MemberData(nameof(Known))]
    public async Task A_stranger_is_refused_and_touches_nothing(string endpoint)
    {
        await using OwnerWorld world = await OwnerWorld.StartAsync();
        (string method, string pattern) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1]);
        foreach (OwnerCheck check in OwnerTable.Rows[endpoint])
        {
            string before = world.Holdings();

            await check(world, method, pattern);

            // A create of the owner's own is not the stranger's doing.
            Assert.Equal(before, world.Holdings());
        }
    }

    [Fact]
    public async Task Idempotency_keys_of_two_sessions_do_not_meet()
    {
        await using OwnerWorld world = await OwnerWorld.StartAsync();
        Answer owners = await world.Api.SendAsync("POST", "/sandboxes", "{}", world.Owner.Token, ("Idempotency-Key", "same"));

        Answer strangers = await world.Api.SendAsync("POST", "/sandboxes", "{}", world.Stranger.Token, ("Idempotency-Key", "same"));

        Assert.DoesNotContain("Idempotency-Replayed", strangers.Headers.Keys);
        Assert.NotEqual(owners.Text("sandbox_id"), strangers.Text("sandbox_id"));
        Assert.Equal(world.Stranger.Session, strangers.Text("session_id"));
    }

    [Fact]
    public async Task Streams_of_one_session_take_no_place_of_another()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { MaxStreamsPerSession = 1 } });
        string owner = api.Token(), stranger = api.Token();
        using EventReader held = await EventReader.OpenAsync(api, "/events", owner);
        Assert.Equal(200, held.Status);

        (await api.SendAsync("GET", "/events", null, owner)).Is(429, "quota_exceeded");
        using EventReader other = await EventReader.OpenAsync(api, "/events", stranger);
        Assert.Equal(200, other.Status);
    }
}

using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Peers;
using Sleigh.Api.Routing;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.Fuzz;

/// <summary>
/// Whatever is sent to whatever endpoint, over a real server: an answer of the contract comes, in time, and it is never a 500. The seeds are
/// fixed; <c>SLEIGH_FUZZ_SEED</c> tries another one.
/// </summary>
public sealed class FuzzTests
{
    private const int Rounds = 60;
    private const int CasesEach = 150;

    private static ulong Seed => ulong.TryParse(Environment.GetEnvironmentVariable("SLEIGH_FUZZ_SEED"), out ulong seed) ? seed : 20_260_105UL;

    private static FuzzEndpoint[] Endpoints { get; } =
    [
        .. AllEndpoints.List().Select(e => new FuzzEndpoint(e.Method, string.Join('/', e.Segments), e.Access == AccessClass.Socket)),
    ];

    [Fact]
    public void Every_endpoint_with_a_body_has_its_members_listed_and_each_a_fitting_value()
    {
        IEnumerable<string> bodies = AllEndpoints.List().Where(e => e.Method is "POST" or "PUT").Select(e => $"{e.Method} {string.Join('/', e.Segments)}");

        Assert.DoesNotContain(bodies, e => !FuzzFields.ByEndpoint.ContainsKey(e));
        Assert.DoesNotContain(FuzzFields.ByEndpoint.Values.SelectMany(names => names), name => !FuzzFields.Fitting.ContainsKey(name));

        // What an endpoint itself says that it knows is in its row.
        foreach (Endpoint endpoint in AllEndpoints.List().Where(e => e.KnownFields is not null && e.Method == "POST"))
        {
            string[] row = FuzzFields.ByEndpoint[$"{endpoint.Method} {string.Join('/', endpoint.Segments)}"];
            Assert.Equal(endpoint.KnownFields!.Where(f => f != "session_token").Order(StringComparer.Ordinal), row.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task No_request_brings_a_500_or_a_hang()
    {
        SortedDictionary<int, int> seen = [];
        for (int round = 0; round < Rounds; round++)
        {
            await using KestrelApi api = await KestrelApi.StartAsync(SocketPeerPolicy.ForThisHost("no-such-group"));
            FuzzIds ids = await IdsAsync(api.Parts);
            FuzzSender sender = new(api.ConnectAsync, TimeSpan.FromSeconds(10));
            foreach (FuzzRequest request in FuzzRequests.For(Endpoints, ids).Sample(CasesEach, new Rnd(Seed + (ulong)round), 20))
            {
                string? problem = await sender.ProblemAsync(request);
                Assert.True(problem is null, $"seed {Seed + (ulong)round}: {problem}\n{request}\n{string.Join('\n', api.Parts.Log.Lines.TakeLast(3))}");
                if (request.Endpoint.EndsItAll)
                {
                    break;
                }
            }

            foreach ((int status, int count) in sender.Seen)
            {
                seen[status] = seen.GetValueOrDefault(status) + count;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.Select(s => $"{s.Key}: {s.Value}")));
        Assert.Superset(new HashSet<int> { 200, 201, 204, 400, 401, 404 }, new HashSet<int>(seen.Keys));
    }

    [Fact]
    public async Task Every_endpoint_with_a_body_survives_a_thousand_of_them()
    {
        foreach (FuzzEndpoint endpoint in Endpoints.Where(e => e.Method == "POST" && FuzzFields.ByEndpoint[$"{e.Method} {e.Pattern}"].Length > 0))
        {
            await using TestApi api = await TestApi.StartAsync();
            FuzzIds ids = await IdsAsync(api);
            api.Socket = endpoint.OverSocket ? true : null;
            HashSet<int> seen = [];
            foreach (byte[] body in FuzzBodies.For(FuzzFields.ByEndpoint[$"{endpoint.Method} {endpoint.Pattern}"]).Sample(1000, new Rnd(Seed), 20))
            {
                string path = "/" + endpoint.Pattern.Replace("{id}", ids.Sandbox, StringComparison.Ordinal).Replace("{execId}", ids.Exec, StringComparison.Ordinal);
                using HttpRequestMessage request = new(new HttpMethod(endpoint.Method), path) { Content = new ByteArrayContent(body) };
                request.Headers.Add("X-Session-Token", ids.Token);
                Answer answer = await api.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(10));
                string sent = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 500)));
                Assert.True(answer.Status is < 500 or 502, $"{endpoint.Method} {path} {sent}\n{answer.Status}: {answer.Body}\n{string.Join('\n', api.Log.Lines.TakeLast(2))}");
                seen.Add(answer.Status);
                if (answer.Status >= 400)
                {
                    Assert.Equal(answer.Headers["X-Request-Id"], answer.Text("request_id"));
                    Assert.NotEqual("", answer.Error);
                }
            }

            Assert.Contains(400, seen);
            Assert.True(seen.Count > 1, $"{endpoint.Pattern}: every body was refused, so nothing behind the first check was tried");
        }
    }

    // Bytes that are not even HTTP: the server itself answers, in its own way, or closes.
    [Fact]
    public async Task Garbage_instead_of_a_request_is_answered_or_closed()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        Gen<byte[]> garbage = from length in Gen.Choose(1, 300)
                              from bytes in Gen.ArrayOf(Gen.Choose(0, 255), length)
                              select bytes.Select(b => (byte)b).ToArray();
        foreach (byte[] bytes in garbage.Sample(200, new Rnd(Seed), 20))
        {
            using Socket socket = await api.ConnectAsync();
            await socket.SendAsync((byte[])[.. bytes, 13, 10, 13, 10]);
            socket.Shutdown(SocketShutdown.Send);
            byte[] reply = new byte[2000];
            int read = await socket.ReceiveAsync(reply).WaitAsync(TimeSpan.FromSeconds(10));
            Assert.True(read == 0 || System.Text.Encoding.ASCII.GetString(reply, 0, read).StartsWith("HTTP/1.1 4", StringComparison.Ordinal));
        }

        Assert.StartsWith("HTTP/1.1 200", await api.RawAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
    }

    private static async Task<FuzzIds> IdsAsync(TestApi api)
    {
        bool? socket = api.Socket;
        api.Socket = null;
        api.Sandboxes.Images.Add("busybox");
        (string token, string sandbox) = await api.SandboxAsync();
        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token);
        Answer snapshot = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token);
        api.Socket = socket;
        return new FuzzIds(token, api.Sessions.Authenticate(token)!.Id.ToString(), sandbox, exec.Text("id"), snapshot.Text("id"));
    }
}

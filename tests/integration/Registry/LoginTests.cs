using System.Text;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Registries that want to know who asks, and whom to trust.</summary>
public sealed class LoginTests : IClassFixture<PrivateContainerd>, IClassFixture<RealRegistry>, IAsyncLifetime
{
    // bcrypt of 'open sesame'.
    private const string Htpasswd = "user:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";
    private static readonly byte[] Layer = TestArchive.Layer(("name", "secret"u8.ToArray()));
    private static readonly string Basic = "Basic " + Convert.ToBase64String("user:open sesame"u8);

    private readonly PrivateContainerd _containerd;
    private readonly RealRegistry _registry;

    public LoginTests(PrivateContainerd containerd, RealRegistry registry)
    {
        _containerd = containerd;
        _registry = registry;
    }

    public async ValueTask InitializeAsync()
    {
        if (_registry.Host.Length > 0)
        {
            await _registry.Pusher.PushAsync("team/secret", "v1", Layer);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task User_and_password()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using RealRegistry closed = await WithPasswordAsync();
        string name = $"{closed.Host}/team/secret:v1";

        RegistryException none = await world.RefuseAsync(name);
        RegistryException wrong = await world.RefuseAsync(name, Login(closed.Host, "user", "close sesame"));

        Assert.Equal(RegistryErrorKind.Denied, none.Kind);
        Assert.Equal(
            $"could not pull '{name}' from {closed.Host}: it said 401 Unauthorized: UNAUTHORIZED: authentication required (there is no login for {closed.Host})",
            none.Message);
        Assert.Equal(RegistryErrorKind.Denied, wrong.Kind);
        Assert.EndsWith("authentication required (logged in as the user 'user')", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", wrong.ToString(), StringComparison.Ordinal);

        await world.PullAsync(name, Login(closed.Host, "user", "open sesame"));
        Assert.Equal("secret", await world.ReadAsync(name, "name"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Logins_of_docker_and_of_its_helpers()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using RealRegistry closed = await WithPasswordAsync();
        string name = $"{closed.Host}/team/secret:v1";
        string config = Path.Combine(_containerd.Folder, $"{Guid.NewGuid():N}.json");
        var settings = new RegistrySettings { DockerConfig = config };

        await File.WriteAllTextAsync(config, $$$"""{"credHelpers":{"{{{closed.Host}}}":"sleigh-absent"}}""");
        RegistryException error = await world.RefuseAsync(name, settings);
        Assert.EndsWith("(docker's configuration names the helper docker-credential-sleigh-absent, which is not installed)", error.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(config, $$$"""{"auths":{"http://{{{closed.Host}}}/v1/":{"auth":"{{{Convert.ToBase64String("user:open sesame"u8)}}}"} } }""");
        await world.PullAsync(name, settings);
        Assert.True(await world.Images.Images.RemoveAsync(name));

        string helper = "/usr/local/bin/docker-credential-sleigh-test";
        await File.WriteAllTextAsync(helper, $$"""
            #!/bin/sh
            read -r server
            [ "$1 $server" = "get {{closed.Host}}" ] || { echo "credentials not found in native keychain"; exit 1; }
            echo '{"ServerURL":"x","Username":"user","Secret":"open sesame"}'
            """);
        try
        {
            File.SetUnixFileMode(helper, (UnixFileMode)Convert.ToInt32("755", 8));
            await File.WriteAllTextAsync(config, """{"credsStore":"sleigh-test"}""");
            await world.PullAsync(name, settings);
        }
        finally
        {
            File.Delete(helper);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_private_authority()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        using var authority = new TestAuthority(Directory.CreateDirectory(Path.Combine(_containerd.Folder, Guid.NewGuid().ToString("N"))).FullName);
        using var stranger = new TestAuthority(Directory.CreateDirectory(Path.Combine(_containerd.Folder, Guid.NewGuid().ToString("N"))).FullName);
        await using RealRegistry tls = await WithCertificateAsync(authority.IssueServer());
        await using RealRegistry misnamed = await WithCertificateAsync(authority.IssueServer("elsewhere.test"));
        string name = $"{tls.Host}/team/secret:v1";

        RegistryException unknown = await world.RefuseAsync(name, Trust(tls.Host, stranger.RootFile));
        RegistryException other = await world.RefuseAsync($"{misnamed.Host}/team/secret:v1", Trust(misnamed.Host, authority.RootFile));
        RegistryException plain = await world.RefuseAsync(name);
        RegistryException absent = await world.RefuseAsync(name, Trust(tls.Host, "/nowhere/ca.pem"));

        Assert.Equal(
            (RegistryErrorKind.Network, $"could not pull '{name}' from {tls.Host}: it cannot be reached: its certificate is not trusted (PartialChain)"),
            (unknown.Kind, unknown.Message));
        Assert.EndsWith(": it cannot be reached: its certificate is for another host", other.Message, StringComparison.Ordinal);
        Assert.EndsWith(": it said 400 Bad Request: Client sent an HTTP request to an HTTPS server.", plain.Message, StringComparison.Ordinal);
        Assert.Contains(": the certificates in /nowhere/ca.pem cannot be read: ", absent.Message, StringComparison.Ordinal);

        await world.PullAsync(name, Trust(tls.Host, authority.RootFile));
        Assert.Equal("secret", await world.ReadAsync(name, "name"));
        Assert.True(await world.Images.Images.RemoveAsync(name));

        string certificates = Path.Combine(_containerd.Folder, "certs.d");
        Directory.CreateDirectory(Path.Combine(certificates, tls.Host));
        File.Copy(authority.RootFile, Path.Combine(certificates, tls.Host, "ca.crt"));
        await world.PullAsync(name, new RegistrySettings { CertificateFolder = certificates });
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_token_server()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        using var authority = new TestAuthority(Directory.CreateDirectory(Path.Combine(_containerd.Folder, Guid.NewGuid().ToString("N"))).FullName);
        string audience = "";
        await using var server = new TestDoor(request =>
        {
            bool known = request["Authorization"] == Basic || request.Body.Contains("refresh_token=a+long+token", StringComparison.Ordinal);
            string text = Uri.UnescapeDataString(request.Target + request.Body);
            return known && text.Contains("repository:team/secret:pull", StringComparison.Ordinal) && text.Contains("service=" + audience, StringComparison.Ordinal)
                ? DoorAnswer.Text(200, $$"""{"token":"{{authority.SignToken(Claims(audience))}}","expires_in":300}""")
                : DoorAnswer.Text(401, """{"details":"incorrect username or password"}""");
        });
        audience = "sleigh-tests";
        await using RealRegistry closed = await _registry.ShareAsync(auth: $"""
            auth:
              token:
                realm: http://{server.Host}/token
                service: {audience}
                issuer: test-issuer
                rootcertbundle: {authority.RootFile}
            """);
        string name = $"{closed.Host}/team/secret:v1";

        RegistryException none = await world.RefuseAsync(name);
        RegistryException wrong = await world.RefuseAsync(name, Login(closed.Host, "user", "wrong"));
        server.Requests.Clear();
        await world.PullAsync(name, Login(closed.Host, "user", "open sesame"));

        Assert.Equal((RegistryErrorKind.Denied, RegistryErrorKind.Denied), (none.Kind, wrong.Kind));
        Assert.EndsWith(
            $": asked for a token, {server.Host} refused: it said 401 Unauthorized: incorrect username or password (logged in as the user 'user')",
            wrong.Message,
            StringComparison.Ordinal);
        Assert.Equal("secret", await world.ReadAsync(name, "name"));
        DoorRequest asked = Assert.Single(server.Requests);
        Assert.Equal("GET", asked.Method);
        Assert.True(await world.Images.Images.RemoveAsync(name));

        server.Requests.Clear();
        await world.PullAsync(name, new RegistrySettings { Hosts = [new RegistryHost { Host = closed.Host, Token = "a long token" }] });
        Assert.Equal("POST", Assert.Single(server.Requests).Method);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_token_that_runs_out_in_the_middle_is_renewed_once()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        int tokens = 0;
        string host = "";
        await using var door = new TestDoor(_registry.Host, async (request, ask) =>
        {
            if (request.Target.StartsWith("/token", StringComparison.Ordinal))
            {
                return DoorAnswer.Text(200, $$"""{"access_token":"t{{++tokens}}","expires_in":3600}""");
            }

            // The layer wants the second token.
            string wanted = request.Target.EndsWith(TestArchive.DigestOf(Layer), StringComparison.Ordinal) ? "Bearer t2" : "Bearer t1";
            return request["Authorization"] == wanted
                ? await ask()
                : DoorAnswer.Text(401, "{}", ("WWW-Authenticate", $"Bearer realm=\"http://{host}/token\",service=\"x\",scope=\"repository:team/secret:pull\""));
        });
        host = door.Host;

        await world.PullAsync($"{door.Host}/team/secret:v1");

        Assert.Equal(2, tokens);
        Assert.Equal("secret", await world.ReadAsync($"{door.Host}/team/secret:v1", "name"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_login_is_not_carried_to_another_host()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using var storage = new TestDoor(_registry.Host, (_, answer) => answer);
        await using var door = new TestDoor(_registry.Host, async (request, ask) =>
        {
            if (request["Authorization"] != Basic)
            {
                return DoorAnswer.Text(401, "{}", ("WWW-Authenticate", "Basic realm=\"x\""));
            }

            return request.IsBlob ? DoorAnswer.Text(307, "", ("Location", $"http://{storage.Host}{request.Target}")) : await ask();
        });
        string name = $"{door.Host}/team/secret:v1";

        await world.PullAsync(name, Login(door.Host, "user", "open sesame"));

        Assert.Equal("secret", await world.ReadAsync(name, "name"));
        Assert.Equal(2, storage.Requests.Count);
        Assert.All(storage.Requests, r => Assert.Null(r["Authorization"]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_way_on_that_leaves_tls_is_not_taken()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using var door = new TestDoor(_ => DoorAnswer.Text(302, "", ("Location", "http://storage.test/blob")));

        RegistryException error = await world.RefuseAsync($"{door.Host}/team/secret:v1");

        Assert.Equal(
            (RegistryErrorKind.Other,
            $"could not pull '{door.Host}/team/secret:v1' from {door.Host}: it sent us on to http://storage.test, which is not HTTPS or is this machine"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_token_server_elsewhere_without_tls_is_not_asked()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using var door = new TestDoor(_ => DoorAnswer.Text(401, "{}", ("WWW-Authenticate", "Bearer realm=\"http://auth.test/token\"")));
        string name = $"{door.Host}/team/secret:v1";

        RegistryException anonymous = await world.RefuseAsync(name);
        RegistryException user = await world.RefuseAsync(name, Login(door.Host, "user", "open sesame"));

        Assert.Equal(
            (RegistryErrorKind.Other, $"could not pull '{name}' from {door.Host}: auth.test is to be asked over plain HTTP, which is allowed for this machine only"),
            (anonymous.Kind, anonymous.Message));
        Assert.Equal(
            (RegistryErrorKind.Denied, $"could not pull '{name}' from {door.Host}: its token server http://auth.test is not HTTPS, so the login is not sent there"),
            (user.Kind, user.Message));
    }

    private static string Claims(string audience)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return $$"""
            {"iss":"test-issuer","sub":"user","aud":"{{audience}}","exp":{{now + 300}},"nbf":{{now - 10}},"iat":{{now}},"jti":"1",
            "access":[{"type":"repository","name":"team/secret","actions":["pull"]}]}
            """;
    }

    private static RegistrySettings Login(string host, string user, string password) =>
        new() { Hosts = [new RegistryHost { Host = host, Username = user, Password = password }] };

    private static RegistrySettings Trust(string host, string file) => new() { Hosts = [new RegistryHost { Host = host, CaFile = file }] };

    private async Task<RealRegistry> WithPasswordAsync()
    {
        string path = Path.Combine(_containerd.Folder, $"{Guid.NewGuid():N}.htpasswd");
        await File.WriteAllTextAsync(path, Htpasswd, Encoding.ASCII);
        return await _registry.ShareAsync(auth: $"""
            auth:
              htpasswd:
                realm: tests
                path: {path}
            """);
    }

    private Task<RealRegistry> WithCertificateAsync((string Certificate, string Key) server) => _registry.ShareAsync(http: $"""
        tls:
            certificate: {server.Certificate}
            key: {server.Key}
        """);
}

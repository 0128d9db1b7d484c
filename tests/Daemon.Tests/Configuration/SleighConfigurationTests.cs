using System.Net;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed class SleighConfigurationTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_files_the_defaults_hold()
    {
        SleighOptions options = SleighConfiguration.Load(null, null, new Dictionary<string, string>());

        Assert.Equal(SleighConfiguration.Describe(new SleighOptions()), SleighConfiguration.Describe(options));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 10122), options.Http.Listen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("---\n...\n")]
    [InlineData("http:\nlog:\n")]
    [InlineData("http:\n  api_key:\n  listen: ~\n")]
    public void A_file_that_sets_nothing_leaves_the_defaults(string yaml) =>
        Assert.Equal(SleighConfiguration.Describe(new SleighOptions()), SleighConfiguration.Describe(_folder.Yaml(yaml).Load()));

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        SleighOptions options = _folder.Yaml(
            """
            data_dir: /data/
            state_dir: /run/x
            http:
              listen: "[::1]:8080"
              api_key: 12345
              allowed_origins: [http://localhost:3000, "https://sleigh.example/"]
              max_body_bytes: 1 MiB
              idempotency_ttl_seconds: 1h
            sessions: {idle_ttl_seconds: 0}
            sandbox:
              cpus: 1.5
              capabilities:
                - cap_chown
                - KILL
              durability: relaxed
            exec:
              default_timeout_seconds: 90
            memory:
              auto_grow: false
              host_reserve_mb: 1024
            mounts:
              root: /srv/data
              rw_paths: [/out, ., a/b]
            webhooks:
              blocked_networks: [10.0.0.0/8]
            storage:
              driver: copy
              pool_size: 128MiB
            """).Load();

        Assert.Equal("/data", options.DataDir);
        Assert.Equal("/run/x/sleigh.sock", options.SocketPath);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 8080), options.Http.Listen);
        Assert.Equal("12345", options.Http.ApiKey);
        Assert.Equal(["http://localhost:3000", "https://sleigh.example"], options.Http.AllowedOrigins);
        Assert.Equal(1048576, options.Http.MaxBodyBytes);
        Assert.Equal(TimeSpan.FromHours(1), options.Http.IdempotencyTtl);
        Assert.Null(options.Sessions.IdleTtl);
        Assert.Equal(1.5, options.Sandbox.Cpus);
        Assert.Equal(["CAP_CHOWN", "CAP_KILL"], options.Sandbox.Capabilities);
        Assert.Equal(Durability.Relaxed, options.Sandbox.Durability);
        Assert.Equal(TimeSpan.FromSeconds(90), options.Exec.DefaultTimeout);
        Assert.False(options.Memory.AutoGrow);
        Assert.Equal(1L << 30, options.Memory.HostReserveBytes(1L << 40));
        Assert.Equal(["out", ".", "a/b"], options.Mounts.RwPaths);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], options.Webhooks.BlockedNetworks);
        Assert.Equal(StorageDriver.Copy, options.Storage.Driver);
        Assert.Equal(128L << 20, options.Storage.PoolSize);
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        string[] errors = _folder.Yaml(
            """
            http:
              listen: localhost:80
              max_body_bytes: 64GB
              lisen: 127.0.0.1:1
            sandbox:
              memory_mb: lots
              network: hosts
              capabilities: [CHOWN, SYS_ADMIN]
            pool: 3
            exec:
              kill_grace_seconds: [1, 2]
              history_days: {a: 1}
            memory:
              auto_grow: yes
            datadir: /x
            """).Errors();

        Assert.Equal(
            [
                "sleigh.yaml:2: http.listen is localhost:80, must be an IP address and a port, such as 127.0.0.1:10122 or [::1]:10122",
                "sleigh.yaml:3: http.max_body_bytes is 64GB, must be a size from 1KiB to 1GiB, in bytes or with KiB, MiB, GiB or TiB",
                "sleigh.yaml:4: there is no key http.lisen; the nearest is http.listen",
                "sleigh.yaml:6: sandbox.memory_mb is lots, must be a whole number from 16 to 16000000",
                "sleigh.yaml:7: sandbox.network is hosts, must be one of none, bridge, host",
                "sleigh.yaml:8: sandbox.capabilities is [CHOWN, SYS_ADMIN], must be a list of capability names without SYS_ADMIN, which could take a sandbox's tree off its root",
                "sleigh.yaml:9: pool is a section; its keys stand below it, such as pool.image",
                "sleigh.yaml:11: exec.kill_grace_seconds is [1, 2], must be 0 to 3600 seconds, as a number or with s, m, h or d",
                "sleigh.yaml:12: there is no key exec.history_days.a; the nearest is exec.history_days",
                "sleigh.yaml:14: memory.auto_grow is yes, must be true or false",
                "sleigh.yaml:15: there is no key datadir; the nearest is data_dir",
            ],
            errors);
    }

    [Fact]
    public void Names_stand_among_the_addresses_of_the_network()
    {
        SleighOptions loaded = _folder.Yaml("network: {allow: [example.org, 203.0.113.7, '*.example.net:443'], deny: [bad.example.com]}").Load();

        Assert.Equal(["example.org", "*.example.net:443"], loaded.Network.AllowNames.Select(n => n.ToString()));
        Assert.Equal("[203.0.113.7, example.org, *.example.net:443]", SettingTable.ByKey["network.allow"].Format(loaded));
        Assert.Equal(["bad.example.com"], loaded.Network.DenyNames.Select(n => n.ToString()));
        Assert.Equal(
            [
                "sleigh.yaml:1: network.allow is [example.org, example.com.], must be a list of addresses, networks and names, such as [203.0.113.0/24, \"203.0.113.7:443\", \"[2001:db8::/32]:8000-8100\", example.org, \"*.example.net\"]; names with ports as in \"example.com:443\"",
                "sleigh.yaml:1: network.deny is [bad.example.com:443], must be a list of addresses, networks and names, such as [203.0.113.0/24, \"203.0.113.7:443\", \"[2001:db8::/32]:8000-8100\", example.org, \"*.example.net\"]; names without ports",
                "sleigh.yaml:1: network.reachable is [example.org], must be a list of addresses and networks, such as [203.0.113.0/24, \"203.0.113.7:443\", \"[2001:db8::/32]:8000-8100\"]",
            ],
            _folder.Yaml("network: {allow: [example.org, example.com.], deny: ['bad.example.com:443'], reachable: [example.org]}").Errors());
    }

    [Theory]
    [InlineData("http: {listen: 0.0.0.0:10122}", "0.0.0.0:10122")]
    [InlineData("http: {listen: '[::]:10122'}", "[::]:10122")]
    [InlineData("http: {listen: 192.168.1.5:80}", "192.168.1.5:80")]
    public void A_public_address_without_a_key_is_refused(string yaml, string address) =>
        Assert.Equal([$"http.listen {address} is not a loopback address and http.api_key is not set; refusing to start"], _folder.Yaml(yaml).Errors());

    [Theory]
    [InlineData("http: {listen: 0.0.0.0:10122, api_key: secret}")]
    [InlineData("http: {listen: 127.8.8.8:10122}")]
    [InlineData("http: {listen: '[::1]:10122'}")]
    public void A_public_address_with_a_key_and_loopback_without_pass(string yaml) => _folder.Yaml(yaml).Load();

    [Theory]
    [InlineData("sandbox: {network: host}", "sandbox.network is host, which only network.allow_host: true allows")]
    [InlineData(
        "network: {allow_host: true}",
        "network.allow_host is true and http.api_key is not set: sandboxes in the host's network would be callers on loopback, who may do all that needs the key elsewhere")]
    public void The_hosts_network_is_for_operators_who_say_so_and_have_a_key(string yaml, string error)
    {
        Assert.Equal([error], _folder.Yaml(yaml).Errors());

        Assert.True(_folder.Yaml("network: {allow_host: true}\nhttp: {api_key: secret}\nsandbox: {network: host}").Load().Network.AllowHost);
        Assert.False(new SleighOptions().Network.AllowHost);
    }

    [Fact]
    public void A_secret_is_never_shown()
    {
        string[] errors = _folder.Yaml("http: {api_key: 'my secret'}\nwebhooks: {hmac_secret: [my, secret]}\n").Errors();

        Assert.Equal(
            [
                "sleigh.yaml:1: http.api_key is (hidden), must be 1 to 1024 visible ASCII characters",
                "sleigh.yaml:2: webhooks.hmac_secret is (hidden), must be 1 to 1024 visible ASCII characters",
            ],
            errors);

        SleighOptions options = _folder.Yaml("http: {api_key: my-secret}\ncursor: {secret: my-secret}\nwebhooks: {hmac_secret: my-secret}\n").Load();
        Assert.DoesNotContain("my-secret", SleighConfiguration.Describe(options), StringComparison.Ordinal);
        Assert.DoesNotContain("my-secret", options.ToString(), StringComparison.Ordinal);
        Assert.Contains("http.api_key: (hidden)\n", SleighConfiguration.Describe(options), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_value_is_shown_with_where_it_came_from_and_no_secret_is()
    {
        _folder.Yaml("http: {api_key: my-secret, max_streams_per_session: 5}\npool: {size: 2}\n").DropIn("10.yaml", "pool: {size: 3}\n");
        LoadedConfiguration loaded = SleighConfiguration.LoadWithSources(
            _folder.File, _folder.DropIns, new Dictionary<string, string> { ["SLEIGH_SANDBOX_MEMORY_MB"] = "300", ["SLEIGH_CURSOR_SECRET"] = "my-secret" });
        Dictionary<string, Sleigh.Api.ShownSetting> shown = loaded.Settings.ToDictionary(s => s.Key);

        Assert.Equal(3, loaded.Options.Pool.Size);
        Assert.Equal(("5", $"file {_folder.File}"), (shown["http.max_streams_per_session"].Value, shown["http.max_streams_per_session"].Source));
        Assert.Equal(("3", $"file {Path.Combine(_folder.DropIns, "10.yaml")}"), (shown["pool.size"].Value, shown["pool.size"].Source));
        Assert.Equal(("300", "environment", false), (shown["sandbox.memory_mb"].Value, shown["sandbox.memory_mb"].Source, shown["sandbox.memory_mb"].IsSecret));
        Assert.Equal(("***", $"file {_folder.File}", true), (shown["http.api_key"].Value, shown["http.api_key"].Source, shown["http.api_key"].IsSecret));
        Assert.Equal(("***", "environment"), (shown["cursor.secret"].Value, shown["cursor.secret"].Source));
        Assert.Equal(("", "default", true), (shown["webhooks.hmac_secret"].Value, shown["webhooks.hmac_secret"].Source, shown["webhooks.hmac_secret"].IsSecret));
        Assert.Equal(SettingTable.All.Select(s => s.Key), loaded.Settings.Select(s => s.Key));
        Assert.DoesNotContain(loaded.Settings, s => s.Value.Contains("my-secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Settings_that_do_not_fit_together_are_refused() =>
        Assert.Equal(
            [
                "memory.max_mb is 100, must be at least sandbox.memory_mb, which is 256",
                "memory.max_step_mb is 10, must be at least memory.min_mb, which is 64",
                "pool.max_size is 4, must be 0 or at least pool.size, which is 5",
                "state_dir is /x, must be another folder than data_dir",
            ],
            _folder.Yaml("data_dir: /x\nstate_dir: /x/\nmemory: {max_mb: 100, max_step_mb: 10}\npool: {size: 5, max_size: 4}\n").Errors());

    [Theory]
    [InlineData("size: 5", 16)]
    [InlineData("size: 50", 50)]
    [InlineData("size: 5, max_size: auto", 16)]
    [InlineData("size: 5, max_size: 0", 5)]
    [InlineData("size: 5, max_size: 5", 5)]
    [InlineData("size: 5, max_size: 9", 9)]
    [InlineData("size: 0", 0)]
    [InlineData("size: 0, max_size: 9", 0)]
    public void The_pool_grows_to_16_unless_told_otherwise_and_not_at_all_where_there_is_none(string pool, int largest) =>
        Assert.Equal(largest, _folder.Yaml($"pool: {{{pool}}}").Load().Pool.LargestSize);

    [Fact]
    public void A_largest_size_that_is_no_number_is_refused() => Assert.Equal(
        ["sleigh.yaml:1: pool.max_size is many, must be auto or a whole number from 0 to 1000"], _folder.Yaml("pool: {max_size: many}").Errors());

    [Fact]
    public void A_socket_path_fits_into_an_address()
    {
        Assert.StartsWith("sleigh.yaml:1: http.socket is /aaa", Assert.Single(_folder.Yaml($"http: {{socket: /{new string('a', 107)}}}").Errors()), StringComparison.Ordinal);
        Assert.StartsWith("sleigh.yaml:1: state_dir is /aaa", Assert.Single(_folder.Yaml($"state_dir: /{new string('a', 70)}").Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_file_counts_and_the_environment_most()
    {
        _folder.Yaml("pool: {size: 1, image: a}\nlog: {level: debug}\nsandbox: {memory_mb: 100}")
            .DropIn("20.yaml", "pool: {size: 20}")
            .DropIn("10.yaml", "pool: {size: 10, image: b}")
            .DropIn("notes.txt", "not: read");
        _folder.Environment["SLEIGH_LOG_LEVEL"] = "error";
        _folder.Environment["SLEIGH_SANDBOX_MEMORY_MB"] = " ";
        _folder.Environment["SLEIGH_HTTP_ALLOWED_HOSTS"] = "a.example, b.example";

        SleighOptions options = _folder.Load();

        Assert.Equal(("b", 20), (options.Pool.Image, options.Pool.Size));
        Assert.Equal(LogThreshold.Error, options.Log.Level);
        Assert.Equal(100, options.Sandbox.MemoryMb);
        Assert.Equal(["a.example", "b.example"], options.Http.AllowedHosts);
    }

    [Fact]
    public void Errors_in_the_environment_name_the_variable()
    {
        _folder.Environment["SLEIGH_POOL_SIZE"] = "many";
        _folder.Environment["SLEIGH_HTTP_LISENT"] = "x";
        _folder.Environment["SLEIGH_HTP_LISTEN"] = "x";
        foreach (string foreign in (string[])["SLEIGH_TOKEN", "SLEIGH_SOCKET", "SLEIGH_BENCH_WITHOUT_DOCKER", "SLEIGH_VM_CACHE", "OTHER_HTTP_LISTEN"])
        {
            _folder.Environment[foreign] = "belongs to others";
        }


        Assert.Equal(
            [
                "SLEIGH_HTP_LISTEN: there is no such setting; the nearest is SLEIGH_HTTP_LISTEN",
                "SLEIGH_HTTP_LISENT: there is no such setting; the nearest is SLEIGH_HTTP_LISTEN",
                "SLEIGH_POOL_SIZE: pool.size is many, must be a whole number from 0 to 1000",
            ],
            _folder.Errors());
    }

    [Fact]
    public void Every_key_has_a_variable_of_its_own_and_takes_its_default_from_it()
    {
        Assert.Equal(SettingTable.All.Count, SettingTable.All.Select(s => s.Variable).Distinct().Count());
        SleighOptions defaults = new();
        foreach (Setting setting in SettingTable.All.Where(s => s.Format(defaults).Length > 0))
        {
            string value = setting.Format(defaults).Trim('[', ']');
            _folder.Environment[setting.Variable] = value.Length == 0 ? " , " : value;
        }

        // http.listen of [::1] would lose its brackets above; the default has none.
        Assert.Equal(SleighConfiguration.Describe(defaults), SleighConfiguration.Describe(_folder.Load()));
    }

    [Fact]
    public void A_value_in_an_error_is_short_and_on_one_line()
    {
        string error = Assert.Single(_folder.Yaml($"pool: {{size: \"{new string('9', 5000)}\\n\\e[31m\"}}").Errors());

        Assert.Equal($"sleigh.yaml:1: pool.size is {new string('9', 100)}..., must be a whole number from 0 to 1000", error);
    }
}

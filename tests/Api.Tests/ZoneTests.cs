using System.Text.Json;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 21 to 23.</summary>
public sealed class ZoneTests
{
    private static readonly string[] Members =
        ["allowed_root", "items", "entries", "truncated", "omitted_count", "zone_kind", "agent_guidance", "suggested_next_actions"];

    [Theory]
    [InlineData("/mounts/workspaces", "mount_read_only", "mount_path", "copy_environment")]
    [InlineData("/environments/workspaces", "environment_copy", "copy_environment", "mount_path")]
    [ContractLine("M4", Part = "guidance")]
    public async Task A_zone_says_which_call_takes_its_paths_and_which_does_not(string path, string kind, string right, string wrong)
    {
        await using TestApi api = await TestApi.StartAsync();
        Answer zone = await api.SendAsync("GET", path, null, api.Token());

        Assert.Equal(200, zone.Status);
        Assert.Equal(Members, zone.Names);
        Assert.Equal(kind, zone.Text("zone_kind"));
        JsonElement guidance = zone.Root.GetProperty("agent_guidance");
        Assert.Equal(
            ["correct_next_operation", "correct_next_summary", "wrong_next_operation", "wrong_next_warning"],
            guidance.EnumerateObject().Select(p => p.Name));
        Assert.Equal((right, wrong), (guidance.GetProperty("correct_next_operation").GetString(), guidance.GetProperty("wrong_next_operation").GetString()));
        JsonElement action = Assert.Single(zone.Root.GetProperty("suggested_next_actions").EnumerateArray());
        Assert.Equal(["action", "description", "required_fields", "parameter_semantics"], action.EnumerateObject().Select(p => p.Name));
        Assert.Equal(right, action.GetProperty("action").GetString());
    }

    [Fact]
    public async Task The_mount_zone_has_the_contracts_sentences_and_fields()
    {
        await using TestApi api = await TestApi.StartAsync();
        Answer zone = await api.SendAsync("GET", "/mounts/workspaces", null, api.Token());

        Assert.StartsWith(
            """{"allowed_root":"/srv/data","items":["/","/genome"],"entries":[{"path":"/"},{"path":"/genome"}],"truncated":false,"omitted_count":0,""",
            zone.Body, StringComparison.Ordinal);
        JsonElement guidance = zone.Root.GetProperty("agent_guidance");
        Assert.Equal(
            "Mount one of these directories: send its path as workspace_path and choose an absolute container_path. Nothing is copied. The mount is read-only unless the operator allows writing there.",
            guidance.GetProperty("correct_next_summary").GetString());
        Assert.Equal(
            "These paths belong to the mount zone. copy_environment does not know them; it takes paths from GET /environments/workspaces.",
            guidance.GetProperty("wrong_next_warning").GetString());
        JsonElement action = zone.Root.GetProperty("suggested_next_actions")[0];
        Assert.Equal("""["session_token","sandbox_id","workspace_path","container_path"]""", action.GetProperty("required_fields").GetRawText());
        JsonElement semantics = action.GetProperty("parameter_semantics");
        Assert.Equal(["workspace_path", "container_path", "environment_path"], semantics.EnumerateObject().Select(p => p.Name));
        Assert.StartsWith("INVALID here", semantics.GetProperty("environment_path").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_zone_has_the_contracts_sentences_and_fields_and_notes()
    {
        await using TestApi api = await TestApi.StartAsync();
        Answer zone = await api.SendAsync("GET", "/environments/workspaces", null, api.Token());

        Assert.StartsWith(
            """{"allowed_root":"/srv/environments","items":["/","/py-ml"],"entries":[{"path":"/"},{"path":"/py-ml","env_readme":"Python 3.11 with ...","env_readme_truncated":true}],"truncated":true,"omitted_count":3,""",
            zone.Body, StringComparison.Ordinal);
        JsonElement guidance = zone.Root.GetProperty("agent_guidance");
        Assert.Equal(
            "Copy one of these directories: send its path as environment_path and choose an absolute sandbox_path other than /. The sandbox gets its own writable copy.",
            guidance.GetProperty("correct_next_summary").GetString());
        Assert.Equal(
            "These paths belong to the environment zone. mount_path does not know them; it takes paths from GET /mounts/workspaces.",
            guidance.GetProperty("wrong_next_warning").GetString());
        JsonElement action = zone.Root.GetProperty("suggested_next_actions")[0];
        Assert.Equal("""["session_token","sandbox_id","environment_path","sandbox_path"]""", action.GetProperty("required_fields").GetRawText());
        JsonElement semantics = action.GetProperty("parameter_semantics");
        Assert.Equal(["environment_path", "sandbox_path", "workspace_path"], semantics.EnumerateObject().Select(p => p.Name));
        Assert.StartsWith("INVALID here", semantics.GetProperty("workspace_path").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zone_without_a_root_is_500_zone_unavailable()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Zones.Listings.Clear();

        (await api.SendAsync("GET", "/mounts/workspaces", null, api.Token())).Is(500, "zone_unavailable");
    }

    [Theory]
    [InlineData("environment_path")]
    [InlineData("workspace_path")]
    public async Task A_copy_takes_either_name_and_says_what_was_copied(string name)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer copied = await CopyAsync(api, token, sandbox, $$"""{"{{name}}":"/py-ml/.","sandbox_path":"/opt//env/"}""");

        Assert.Equal(
            $$"""{"status":"ok","sandbox_id":"{{sandbox}}","environment_path":"/py-ml/.","sandbox_path":"/opt/env","files":812,"bytes":40418304,"duration_ms":190}""",
            copied.Body);
        Assert.Equal(("py-ml", "/opt/env"), api.Environments.Asked);
    }

    [Theory]
    [InlineData("""{"sandbox_path":"/e"}""", "bad_request", "environment_path", "environment_path is required")]
    [InlineData("""{"environment_path":"","workspace_path":" ","sandbox_path":"/e"}""", "bad_request", "environment_path", "environment_path is required")]
    [InlineData("""{"environment_path":"../x","sandbox_path":"/e"}""", "path_not_allowed", "environment_path", "environment_path cannot escape allowed root")]
    [InlineData("""{"environment_path":"x"}""", "bad_request", "sandbox_path", "sandbox_path is required")]
    [InlineData("""{"environment_path":"x","sandbox_path":"e"}""", "path_not_allowed", "sandbox_path", "sandbox_path must be an absolute path inside sandbox")]
    [InlineData("""{"environment_path":"x","sandbox_path":"/./"}""", "path_not_allowed", "sandbox_path", "sandbox_path cannot be root")]
    [InlineData("""{"environment_path":"x","sandbox_path":"/dev/x"}""", "path_not_allowed", "sandbox_path", "sandbox_path is not writable")]
    [InlineData("""{"environment_path":"x","sandbox_path":"/opt/../proc"}""", "path_not_allowed", "sandbox_path", "sandbox_path is not writable")]
    [InlineData("""{"environment_path":"x","sandbox_path":"/a\u0000"}""", "path_not_allowed", "sandbox_path", "sandbox_path is not writable")]
    public async Task A_bad_value_of_a_copy_is_400_with_its_text(string body, string code, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(field, (await CopyAsync(api, token, sandbox, body)).Is(400, code, error).Detail("field"));
        Assert.Null(api.Environments.Asked);
    }

    [Fact]
    [ContractLine("M5", Part = "/devel and /dev")]
    public async Task A_copy_to_devel_is_none_to_dev()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal("/devel", (await CopyAsync(api, token, sandbox, """{"environment_path":"x","sandbox_path":"/devel"}""")).Text("sandbox_path"));
    }

    private static Task<Answer> CopyAsync(TestApi api, string token, string sandbox, string body) =>
        api.SendAsync("POST", $"/sandboxes/{sandbox}/environment/copy", body, token);
}

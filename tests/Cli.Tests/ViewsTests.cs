using System.Text.Json.Nodes;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class ViewsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 9, 10, 0, TimeSpan.Zero);

    [Fact]
    public void Sandboxes_show_name_limit_owner_and_age() => Assert.Equal(
        """
        ID                NAME  IMAGE             STATUS   MEMORY  SESSION           AGE
        sbx_4f1c00000000  web   python:3.11-slim  running  256 MB  sid_71b200000000   9m
        sbx_4f1c00000001  -     base              strange       -  -                   -

        """,
        Views.Sandboxes(
            [
                Object("""{"sandbox_id":"sbx_4f1c00000000","name":"web","image":"python:3.11-slim","status":"running","memory_limit_mb":256,"session_id":"sid_71b200000000","created":"2026-01-05T09:00:01.120Z"}"""),
                Object("""{"sandbox_id":"sbx_4f1c00000001","image":"base","status":"strange","created":17}"""),
            ],
            Now));

    [Fact]
    public void Snapshots_say_whether_they_are_on_the_disk() => Assert.Equal(
        """
        ID                 NAME    PARENT              SIZE  DURABLE  AGE  COMMENT
        snap_a1b200000002  second  snap_a1b200000001  40 KB  not yet   0s  a remark
        snap_a1b200000001  -       -                    1 B  yes       1h  -

        """,
        Views.Snapshots(
            [
                Object("""{"id":"snap_a1b200000002","name":"second","parent_id":"snap_a1b200000001","bytes":40960,"durable":false,"created":"2026-01-05T09:10:00Z","comment":"a\nremark"}"""),
                Object("""{"id":"snap_a1b200000001","bytes":1,"durable":true,"created":"2026-01-05T08:00:00Z"}"""),
            ],
            Now));

    [Fact]
    public void An_images_digest_is_shortened() => Assert.Equal(
        """
        NAME        DIGEST                 SIZE  AGE  IN USE  LAST USED
        quickstart  sha256:0123456789ab  190 MB   2d  yes            1h

        """,
        Views.Images([Object("""{"name":"quickstart","digest":"sha256:0123456789abcdef0123","size_bytes":199229440,"created":"2026-01-03T09:00:00.000Z","in_use":true,"last_used_at":"2026-01-05T08:00:00.000Z"}""")], Now));

    [Fact]
    public void A_check_that_did_not_pass_shows_its_remedy() => Assert.Equal(
        """
        ok    overlay            in /proc/filesystems
        warn  memory controller  on version 1
                                 -> boot with cgroup_no_v1=memory
        fail  runc               not found
        1 ok, 1 warning, 1 failed

        """,
        Views.Doctor(
            [
                Object("""{"name":"overlay","result":"ok","seen":"in /proc/filesystems","remedy":"not shown"}"""),
                Object("""{"name":"memory controller","result":"warn","seen":"on version 1","remedy":"boot with cgroup_no_v1=memory"}"""),
                Object("""{"name":"runc","result":"fail","seen":"not found"}"""),
            ],
            Paint.None));

    [Fact]
    public void Nothing_at_all_is_shown_as_nothing() => Assert.Equal("", Views.Doctor([], Paint.None));

    [Fact]
    public void Json_is_indented_and_leaves_text_readable() =>
        Assert.Equal("{\n  \"a\": \"é <b> \\u001B\"\n}\n", JsonText.Of(Object("""{"a":"é <b> \u001b"}""")));

    private static JsonObject Object(string json) => (JsonObject)JsonNode.Parse(json)!;
}

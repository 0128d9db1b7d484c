using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Records;

public sealed class PortRecordTests
{
    [Fact]
    public void Ports_are_kept_changed_and_removed() => WithStore((store, make) =>
    {
        SandboxRecord sandbox = make();
        store.PutSandbox(sandbox, SandboxState.Live);
        PortRecord http = PortRecord.New(sandbox.Sandbox.Id, 80), other = PortRecord.New(sandbox.Sandbox.Id, 8080);

        Assert.True(store.PutPorts([other, http]));
        Assert.Equal([http, other], store.ReadPorts());
        Assert.Matches("^[0-9a-f]{64}$", http.Key);
        Assert.NotEqual(http.Key, other.Key);

        Assert.True(store.PutPorts([http with { Tcp = 30_000 }]));
        store.RemovePort(other.Sandbox, 8080);
        Assert.Equal([http with { Tcp = 30_000 }], store.ReadPorts());
    });

    [Fact]
    public void They_go_with_their_sandbox_and_none_comes_to_one_that_is_being_deleted() => WithStore((store, make) =>
    {
        SandboxRecord one = make(), other = make();
        store.PutSandbox(one, SandboxState.Live);
        store.PutSandbox(other, SandboxState.Making);
        PortRecord stays = PortRecord.New(other.Sandbox.Id, 80);
        Assert.True(store.PutPorts([PortRecord.New(one.Sandbox.Id, 80), PortRecord.New(one.Sandbox.Id, 81)]));
        Assert.True(store.PutPorts([stays]));

        store.MarkSandboxDeleting(one.Sandbox, DeleteReason.Request);

        Assert.Equal([stays], store.ReadPorts());
        Assert.False(store.PutPorts([PortRecord.New(one.Sandbox.Id, 80)]));
        store.RemoveSandbox(other.Sandbox.Id);
        Assert.Empty(store.ReadPorts());
        Assert.False(store.PutPorts([stays]));
    });

    private static void WithStore(Action<RecordStore, Func<SandboxRecord>> test)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sl-ports-");
        try
        {
            using RecordStore store = RecordStore.Open(Path.Combine(folder.FullName, "x.db"));
            test(store, RecordStoreTests.Record);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using Sleigh.Api.Endpoints;
using Sleigh.Api.Routing;

namespace Sleigh.Api.Tests;

public sealed class OperationNameTests
{
    [Theory]
    [InlineData("POST", "sandboxes", "create")]
    [InlineData("DELETE", "sandboxes/{id}", "delete")]
    [InlineData("PUT", "sandboxes/{id}/secrets", "set-secrets")]
    [InlineData("POST", "sandboxes/{id}/exec", "exec")]
    [InlineData("POST", "sandboxes/{id}/snapshots", "snapshot")]
    [InlineData("POST", "sandboxes/{id}/rollback", "rollback")]
    [InlineData("POST", "sandboxes/{id}/undo", "undo")]
    [InlineData("PUT", "sandboxes/{id}/network", "network")]
    [InlineData("POST", "sandboxes/{id}/snapshots/{snapshotId}/keep", "keep")]
    [InlineData("POST", "sandboxes/{id}/fork", "fork")]
    [InlineData("POST", "sandboxes/{id}/snapshots/{snapshotId}/restore", "restore")]
    [InlineData("POST", "admin/config/reload", "reload")]
    [InlineData("POST", "admin/images/pull", "pull")]
    [InlineData("GET", "sandboxes/{id}/snapshots/{snapshotId}/export", "export")]
    [InlineData("POST", "admin/snapshots/{snapshot}/image", "export")]
    [InlineData("PUT", "sandboxes/{id}/files/archive", "copy-in")]
    [InlineData("PUT", "sandboxes/{id}/files", "write-file")]
    [InlineData("DELETE", "sandboxes/{id}/files", "remove-file")]
    [InlineData("POST", "sandboxes/{id}/ops/code/write", "code-write")]
    [InlineData("POST", "sandboxes/{id}/mounts", "mount")]
    [InlineData("DELETE", "sandboxes/{id}/mounts/{mountId}", "unmount")]
    [InlineData("PUT", "sandboxes/{id}/ports/{port}", "put-port")]
    [InlineData("DELETE", "sandboxes/{id}/ports/{port}", "remove-port")]
    [InlineData("POST", "sandboxes/{id}/links", "link")]
    [InlineData("POST", "sandboxes/{id}/environment/copy", "copy-environment")]
    [InlineData("POST", "sandboxes/{id}/ops/read", "read-files")]
    [InlineData("POST", "workflow/run", "workflow")]
    [InlineData("GET", "sandboxes/{id}", "read")]
    public void It_is_the_word_that_the_runtime_uses_too(string method, string pattern, string word) => Assert.Equal(word, OperationName.Of(method, pattern));

    [Fact]
    public void Every_endpoint_has_one_and_none_is_a_variable_of_the_path() =>
        Assert.All(AllEndpoints.List(), e => Assert.Matches("^[a-z]+(-[a-z]+)*$", e.Operation));
}

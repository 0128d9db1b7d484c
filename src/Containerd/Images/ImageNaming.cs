namespace Sleigh.Containerd;

/// <summary>Gives images their names.</summary>
internal static class ImageNaming
{
    /// <summary>All names or none.</summary>
    public static async Task SetAsync(
        ContainerdClient client, IReadOnlyList<(ImageName Name, Descriptor Target)> named, CancellationToken cancellationToken)
    {
        List<(string Name, ImageRecord? Before)> done = [];
        try
        {
            foreach ((ImageName name, Descriptor target) in named)
            {
                done.Add((name.ToString(), await client.Images.FindAsync(name.ToString(), cancellationToken)));
                await client.Images.SetAsync(name.ToString(), target, cancellationToken: cancellationToken);
            }
        }
        catch (Exception ex) when (ex is ContainerdException or OperationCanceledException)
        {
            foreach ((string name, ImageRecord? before) in done)
            {
                await RestoreAsync(client, name, before);
            }

            throw;
        }
    }

    private static async Task RestoreAsync(ContainerdClient client, string name, ImageRecord? before)
    {
        try
        {
            if (before is not null)
            {
                await client.Images.SetAsync(name, before.Target, before.Labels);
            }
            else
            {
                await client.Images.DeleteAsync(name);
            }
        }
        catch (ContainerdException)
        {
            // Not made, or containerd is gone; the first error is the one to tell.
        }
    }
}

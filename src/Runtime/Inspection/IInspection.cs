namespace Sleigh.Runtime;

/// <summary>What the administrator sees of sandboxes beyond what their owners see.</summary>
public interface IInspection
{
    /// <summary>What the host and each sandbox use now. Reads kernel files only; cheap enough for a view that is drawn every second.</summary>
    HostLoad Load();

    /// <summary>Where a sandbox lies on the host; null when there is no such sandbox.</summary>
    SandboxPlace? Place(SandboxId id);
}

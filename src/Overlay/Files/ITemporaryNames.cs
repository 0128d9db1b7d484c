namespace Sleigh.Overlay;

/// <summary>Remembers the temporary names in a tree, so that those left by a daemon that was killed can be removed: <see cref="TreeFile.Forget"/>.</summary>
public interface ITemporaryNames
{
    /// <summary>The name is about to appear. It is remembered before this returns.</summary>
    /// <param name="path">From the tree's root on.</param>
    void Add(string path);

    /// <summary>The name is gone.</summary>
    void Remove(string path);
}

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>An image in a registry.</summary>
/// <param name="Name">By which it is pulled.</param>
/// <param name="Layer">Its layer's digest.</param>
/// <param name="LayerBytes">The layer's size.</param>
public sealed record PushedImage(string Name, string Layer, long LayerBytes);

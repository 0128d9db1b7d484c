namespace Sleigh.Overlay;

/// <summary>
/// Stands for what a live layer held at a moment: as long as <see cref="LayerStore.MarkAsync"/> gives an equal one, nothing in it has
/// changed. Different ones may stand for the same files. It means nothing for another layer.
/// </summary>
/// <param name="Text">For the records; of the form that the driver likes.</param>
public sealed record LayerMark(string Text);

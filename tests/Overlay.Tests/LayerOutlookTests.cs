using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class LayerOutlookTests
{
    [Theory]
    [InlineData(FileSystems.Btrfs, null, LayerDriverKind.Btrfs, false)]
    [InlineData(FileSystems.Btrfs, "no mkfs", LayerDriverKind.Btrfs, false)]
    [InlineData(FileSystems.Ext4, null, LayerDriverKind.Btrfs, true)]
    [InlineData(FileSystems.Ext4, "no mkfs", LayerDriverKind.Copy, false)]
    [InlineData(FileSystems.Xfs, "no mkfs", LayerDriverKind.Reflink, false)]
    public void A_new_directory_gets_the_best_that_its_filesystem_and_host_can(long magic, string? lacks, LayerDriverKind kind, bool usesPool)
    {
        LayerOutlook outlook = LayerOutlook.Judge(null, LayerDriverKind.Auto, magic, lacks);

        Assert.Equal((kind, usesPool), (outlook.Kind, outlook.UsesPool));
    }

    [Fact]
    public void A_directory_that_has_a_driver_keeps_it() => Assert.Equal(
        new LayerOutlook(LayerDriverKind.Copy, "chosen when the data directory was made", UsesPool: false),
        LayerOutlook.Judge(LayerDriverKind.Copy, LayerDriverKind.Auto, FileSystems.Btrfs, null));

    [Fact]
    public void What_is_configured_is_taken_at_its_word() => Assert.Equal(
        new LayerOutlook(LayerDriverKind.Btrfs, "configured", UsesPool: true), LayerOutlook.Judge(null, LayerDriverKind.Btrfs, FileSystems.Ext4, "no mkfs"));

    [Fact]
    public void Looking_makes_nothing_and_another_drivers_layers_are_refused()
    {
        string folder = Directory.CreateTempSubdirectory("sl-outlook-").FullName;
        try
        {
            string data = Path.Combine(folder, "not", "there");
            LayerOutlook.Of(data, LayerDriverKind.Copy, kernelHasBtrfs: false);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));

            File.WriteAllText(Path.Combine(folder, "layer-driver"), "copy\n");
            var refused = Assert.Throws<LayerStoreUnavailableException>(() => LayerOutlook.Of(folder, LayerDriverKind.Btrfs, kernelHasBtrfs: true));
            Assert.Equal(
                $"the layers in {folder} were made by driver copy, not btrfs; set the driver to auto, or use another data directory", refused.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

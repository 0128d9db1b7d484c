namespace Sleigh.Runtime;

/// <summary>The directories of the host that agents may use.</summary>
public interface IZones
{
    /// <summary>The most entries of a listing, the root among them.</summary>
    const int MostEntries = 200;

    /// <summary>Lists a zone.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.ZoneUnavailable"/>.</exception>
    Task<ZoneListing> ListAsync(ZoneKind zone);
}

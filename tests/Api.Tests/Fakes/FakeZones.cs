using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeZones : IZones
{
    public Dictionary<ZoneKind, ZoneListing> Listings { get; } = new()
    {
        [ZoneKind.Mounts] = new ZoneListing("/srv/data", [new ZoneEntry("/"), new ZoneEntry("/genome")], 0),
        [ZoneKind.Environments] = new ZoneListing(
            "/srv/environments", [new ZoneEntry("/"), new ZoneEntry("/py-ml", "Python 3.11 with ...", IsNoteCut: true)], 3),
    };

    public Task<ZoneListing> ListAsync(ZoneKind zone) => Task.FromResult(
        Listings.GetValueOrDefault(zone) ?? throw new RuntimeException(ErrorKind.ZoneUnavailable, "the mount zone is not available: it is not set"));
}

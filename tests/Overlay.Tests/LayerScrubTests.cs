using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

/// <summary>A check of a disk of three places, of which a list plays the kernel's part.</summary>
public sealed class LayerScrubTests : IDisposable
{
    private static readonly BtrfsPlace[] _places = [new(1, 0, 100), new(1, 100, 200), new(2, 0, 100)];

    private readonly List<BtrfsPlace> _checked = [];
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public void One_that_is_ended_between_two_pieces_begins_no_other_and_keeps_what_it_has_found()
    {
        LayerScrubState state = Scrub(place =>
        {
            // As if it came when the piece had ended already.
            _stop.Cancel();
            return true;
        }).Run(_stop.Token);

        Assert.Equal([_places[0]], _checked);
        Assert.Equal(new LayerScrubState(25, IsComplete: false, new BtrfsScrubCount { Bytes = 100 }), state);
    }

    [Fact]
    public void A_piece_that_begins_just_behind_the_call_that_ends_it_is_ended_by_the_next_one()
    {
        int calls = 0;
        using ManualResetEventSlim first = new(), again = new();
        LayerScrubState state = Scrub(
            place =>
            {
                if (place != _places[1])
                {
                    return true;
                }

                // The first call has found nothing to end, as the kernel begins now.
                _ = _stop.CancelAsync();
                Assert.True(first.Wait(TimeSpan.FromSeconds(60)) && again.Wait(TimeSpan.FromSeconds(60)));
                return false;
            },
            () => (++calls == 1 ? first : again).Set()).Run(_stop.Token);

        Assert.Equal(_places[..2], _checked);
        Assert.Equal((75, false, 300L), (state.Percent, state.IsComplete, state.Count.Bytes));
    }

    [Fact]
    public void One_that_nobody_ends_comes_to_its_end()
    {
        Assert.Equal(new LayerScrubState(100, IsComplete: true, new BtrfsScrubCount { Bytes = 400 }), Scrub(_ => true).Run(_stop.Token));
        Assert.Equal(_places, _checked);
    }

    public void Dispose() => _stop.Dispose();

    private LayerScrub Scrub(Func<BtrfsPlace, bool> check, Action? cancel = null) => new("/")
    {
        Places = _ => _places,
        CheckPlace = (_, place) =>
        {
            _checked.Add(place);
            return (new BtrfsScrubCount { Bytes = place.Length }, check(place));
        },
        CancelPlace = _ => cancel?.Invoke(),
    };
}

using System.Net;

namespace Sleigh.Network.Tests;

public sealed class NameForwarderTests
{
    private static readonly byte[] Name = [5, .. "world"u8, 7, .. "example"u8, 0];

    [Theory]
    [InlineData(0, 1, 1, true)]
    [InlineData(0, 1, 28, true)]
    [InlineData(0, 1, 255, true)]
    [InlineData(0, 1, 251, false)]
    [InlineData(0, 1, 252, false)]
    [InlineData(4, 1, 6, false)]
    [InlineData(5, 1, 6, false)]
    [InlineData(0, 0, 1, false)]
    [InlineData(0, 2, 1, false)]
    public void Only_one_question_for_a_name_is_passed_on(int operation, byte questions, byte kind, bool expected) =>
        Assert.Equal(expected, NameForwarder.IsOneQuestion(Message(operation, questions, kind, Name)));

    [Fact]
    public void A_name_that_points_elsewhere_and_one_that_is_cut_off_are_no_questions()
    {
        Assert.False(NameForwarder.IsOneQuestion(Message(0, 1, 252, [0xC0, 12])));
        Assert.False(NameForwarder.IsOneQuestion(Message(0, 1, 1, Name).AsSpan(0, Message(0, 1, 1, Name).Length - 1)));
        Assert.False(NameForwarder.IsOneQuestion([1, 2, 3]));
        Assert.Null(NameForwarder.Failure(Message(0, 1, 1, [0xC0, 12]), 5));
    }

    [Fact]
    public void A_refusal_is_the_question_with_the_bits_of_an_answer()
    {
        byte[] refusal = NameForwarder.Failure([.. Message(5, 1, 6, Name), 9, 9], 5)!;

        Assert.Equal(Message(5, 1, 6, Name).Skip(4), refusal.Skip(4));
        Assert.Equal(0x80 | (5 << 3), refusal[2] & 0xF8);
        Assert.Equal(5, refusal[3]);
        Assert.Null(NameForwarder.Failure(refusal, 5));
    }

    [Fact]
    public void One_asker_leaves_places_to_the_others()
    {
        AskerPlaces places = new(all: 5, each: 3);
        IPAddress greedy = IPAddress.Parse("10.87.0.2"), other = IPAddress.Parse("10.87.0.3"), third = IPAddress.Parse("10.87.0.4");

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => places.TryEnter(greedy)));
        Assert.True(places.TryEnter(other));
        Assert.True(places.TryEnter(other));
        Assert.False(places.TryEnter(third));
        places.Leave(greedy);
        Assert.True(places.TryEnter(third));
        places.Leave(third);
        Assert.True(places.TryEnter(greedy));
    }

    private static byte[] Message(int operation, byte questions, byte kind, byte[] name) =>
        [7, 7, (byte)(operation << 3), 0, 0, questions, 0, 0, 0, 0, 0, 0, .. name, 0, kind, 0, 1];
}

using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class PhiloxTests
{
    /// <summary>The three vectors of "philox4x32 10" in Random123's kat_vectors.</summary>
    [Theory]
    [InlineData(0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u,
        0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_gives_the_published_known_answers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1,
        uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal((w0, w1, w2, w3), Philox4x32.Block((c0, c1, c2, c3), (k0, k1)));

    [Fact]
    public void Blocks_are_those_of_consecutive_counters_and_wrap_in_the_first_word()
    {
        (uint C0, uint C1, uint C2, uint C3) counter = (uint.MaxValue - 5, 0x85a308d3, 0x13198a2e, 0xf3707344);
        (uint, uint) key = (0xa4093822, 0x299f31d0);
        for (int blocks = 0; blocks < 14; blocks++)
        {
            uint[] actual = new uint[4 * blocks];
            Philox4x32.Blocks(counter, key, actual);
            for (int block = 0; block < blocks; block++)
            {
                (uint, uint, uint, uint) expected = Philox4x32.Block(counter with { C0 = counter.C0 + (uint)block }, key);
                Assert.Equal(expected, (actual[4 * block], actual[(4 * block) + 1], actual[(4 * block) + 2], actual[(4 * block) + 3]));
            }
        }
    }

    [Fact]
    public void Blocks_refuse_part_of_a_block() =>
        Assert.Throws<ArgumentException>(() => Philox4x32.Blocks(default, default, new uint[6]));
}

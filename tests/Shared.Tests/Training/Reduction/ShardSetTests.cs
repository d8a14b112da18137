using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class ShardSetTests
{
    [Fact]
    public void Behaves_as_a_set_of_numbers() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int).Sample((shards, seed) =>
        {
            var random = new Random(seed);
            ShardSet set = ShardSet.Empty(shards);
            HashSet<int> model = [];
            for (int i = 0; i < 10; i++)
            {
                int start = random.Next(shards);
                var range = new ShardRange(start, random.Next(shards - start + 1));
                Assert.Equal(Enumerable.Range(range.Start, range.Count).Any(model.Contains), set.Overlaps(range));
                set = set.With(range);
                model.UnionWith(Enumerable.Range(range.Start, range.Count));
            }

            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model.Count == shards, set.IsFull);
            Assert.Equal(
                Enumerable.Range(0, shards).Where(shard => !model.Contains(shard)),
                set.Gaps().SelectMany(gap => Enumerable.Range(gap.Start, gap.Count)));
        });
}
